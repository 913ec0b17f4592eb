with

runs as (
    select * from {{ ref('int_runs__targeted') }}
),

latest as (
    select * from {{ ref('int_snapshots__latest') }}
),

used as (
    select source, told_snapshot_date as snapshot_date from runs
    union
    select source, latest_registrations_date as snapshot_date from latest where latest_registrations_date is not null
)

select
    used.source,
    used.snapshot_date,
    used.snapshot_date = latest.latest_registrations_date as is_latest
from used
inner join latest on used.source = latest.source
