with

registrations as (
    select * from {{ ref('int_registrations__kept') }}
),

departed as (
    select * from {{ ref('int_voters__left') }}
),

snapshots as (
    select * from {{ ref('int_snapshots__used') }} where not is_latest
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
    snapshots.snapshot_date as unseen_snapshot_date
from last_seen
inner join snapshots on last_seen.source = snapshots.source
left join registrations
    on last_seen.voter_id = registrations.voter_id and snapshots.snapshot_date = registrations.snapshot_date
where registrations.voter_id is null
