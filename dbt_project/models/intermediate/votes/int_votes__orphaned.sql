with

tallied as (
    select * from {{ ref('int_votes__tallied') }}
),

registrations as (
    select * from {{ ref('int_registrations__picked') }} where is_latest
)

select tallied.source, tallied.snapshot_date, tallied.voter_id, tallied.lines_count
from tallied
left join registrations on tallied.voter_id = registrations.voter_id
where registrations.voter_id is null
