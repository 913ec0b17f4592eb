with

registrations as (
    select * from {{ ref('int_registrations__kept') }}
),

departed as (
    select * from {{ ref('int_voters__left') }}
),

runs as (
    select * from {{ ref('int_runs__targeted') }}
),

-- A day that has a file before it is told by that file alone, as tonight is. Only days before the first file need later ones.
first_files as (
    select source, told_snapshot_date as snapshot_date
    from runs
    where snapshot_date is null
    group by source, told_snapshot_date
),

last_seen as (
    select source, voter_id, snapshot_date from registrations where is_latest
    union all
    select source, voter_id, snapshot_date from departed where not is_hidden
)

select
    last_seen.source,
    last_seen.voter_id,
    last_seen.snapshot_date as known_snapshot_date,
    first_files.snapshot_date as unseen_snapshot_date
from last_seen
inner join first_files on last_seen.source = first_files.source and last_seen.snapshot_date > first_files.snapshot_date
left join registrations
    on last_seen.voter_id = registrations.voter_id and first_files.snapshot_date = registrations.snapshot_date
where registrations.voter_id is null
