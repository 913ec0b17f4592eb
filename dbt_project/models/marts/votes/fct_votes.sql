with

votes as (
    select * from {{ ref('int_votes__kept') }}
)

select
    voter_id,
    election_id,
    election_date,
    election_kind,
    voting_method,
    party,
    county_code,
    is_repeated
from votes
where is_present
