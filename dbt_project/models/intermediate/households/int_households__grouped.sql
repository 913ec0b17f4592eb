with

registrations as (
    select * from {{ ref('int_registrations__kept') }}
)

select snapshot_date, home_key, min(voter_id) as household_id, cast(count(*) as integer) as household_size
from registrations
where home_key is not null
group by snapshot_date, home_key
