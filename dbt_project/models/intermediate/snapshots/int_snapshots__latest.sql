with

snapshots as (
    select * from {{ ref('stg_voter_file__snapshots') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
)

select
    snapshots.source,
    min(case when snapshots.entity = 'registrations' then snapshots.snapshot_date end) as earliest_registrations_date,
    max(case when snapshots.entity = 'registrations' then snapshots.snapshot_date end) as latest_registrations_date,
    max(case when snapshots.entity = 'votes' then snapshots.snapshot_date end) as latest_votes_date
from snapshots
cross join parameters
where snapshots.snapshot_date <= parameters.as_of_date
group by snapshots.source
