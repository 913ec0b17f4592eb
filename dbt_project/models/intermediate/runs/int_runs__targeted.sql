with

elections as (
    select * from {{ ref('int_elections__listed') }}
),

snapshots as (
    select * from {{ ref('stg_voter_file__snapshots') }}
),

latest as (
    select * from {{ ref('int_snapshots__latest') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
),

-- The elections that tonight's models are about: a study's own, else every federal general.
labels as (
    select elections.*
    from elections
    cross join parameters
    where
        (
            parameters.label_election_date is null
            and elections.election_kind in ('presidential', 'midterm')
        )
        or (
            elections.election_date = parameters.label_election_date
            and elections.election_type = parameters.label_election_type
        )
),

past as (
    select labels.*, row_number() over (partition by labels.source order by labels.election_date desc) as recency
    from labels
    where labels.is_history_complete
),

next as (
    select labels.*, row_number() over (partition by labels.source order by labels.election_date) as nearness
    from labels
    cross join parameters
    where labels.is_upcoming or parameters.label_election_date is not null
),

runs as (
    select past.source, past.election_date as as_of_date, 'training' as as_of_role, past.election_id
    from past
    cross join parameters
    where parameters.is_training and past.recency <= 4

    union all

    select latest.source, parameters.as_of_date, 'tonight' as as_of_role, next.election_id
    from latest
    cross join parameters
    left join next on latest.source = next.source and next.nearness = 1
    where latest.latest_registrations_date is not null
),

seen as (
    select runs.source, runs.as_of_date, max(snapshots.snapshot_date) as snapshot_date
    from runs
    inner join snapshots
        on
            runs.source = snapshots.source
            and snapshots.entity = 'registrations'
            and snapshots.snapshot_date < runs.as_of_date
    group by runs.source, runs.as_of_date
)

select
    runs.source,
    runs.as_of_date,
    runs.as_of_role,
    elections.election_id as target_election_id,
    elections.election_date as target_election_date,
    elections.election_kind as target_election_kind,
    seen.snapshot_date,
    coalesce(seen.snapshot_date, latest.earliest_registrations_date) as told_snapshot_date
from runs
inner join latest on runs.source = latest.source
left join elections on runs.election_id = elections.election_id
left join seen on runs.source = seen.source and runs.as_of_date = seen.as_of_date
