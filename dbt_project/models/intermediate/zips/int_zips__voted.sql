with

voters as (
    select * from {{ ref('int_voters__counted') }}
)

select
    as_of_date,
    zip_code,
    cast(sum(cycle_general_votes_count) as bigint) as general_votes_count,
    cast(sum(cycle_general_elections_count) as bigint) as general_elections_count
from voters
where zip_code is not null
group by as_of_date, zip_code
