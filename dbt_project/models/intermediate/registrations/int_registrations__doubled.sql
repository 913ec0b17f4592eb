with

registrations as (
    select * from {{ ref('stg_voter_file__registrations') }}
),

snapshots as (
    select * from {{ ref('int_snapshots__used') }}
)

select registrations.source, registrations.snapshot_date, registrations.voter_id, count(*) as lines_count
from registrations
inner join snapshots
    on registrations.source = snapshots.source and registrations.snapshot_date = snapshots.snapshot_date
group by registrations.source, registrations.snapshot_date, registrations.voter_id
having count(*) > 1
