with

registrations as (
    select * from {{ ref('int_registrations__kept') }}
),

sources as (
    select * from {{ ref('stg_voter_file__sources') }}
),

present as (
    select voter_id from registrations where is_latest
),

last_seen as (
    select registrations.voter_id, max(registrations.snapshot_date) as snapshot_date
    from registrations
    left join present on registrations.voter_id = present.voter_id
    where not registrations.is_latest and present.voter_id is null
    group by registrations.voter_id
)

select registrations.*
from registrations
inner join last_seen
    on registrations.voter_id = last_seen.voter_id and registrations.snapshot_date = last_seen.snapshot_date
inner join sources on registrations.source = sources.source
-- Where the history comes in the voter file, who left took it along, and how they voted is not known.
where sources.has_separate_history
