with

voters as (
    select * from {{ ref('dim_voters') }}
)

select
    household_id,
    source,
    state_abbr,
    min(county_code) as county_code,
    min(zip_code) as zip_code,
    cast(count(*) as integer) as voters_count,
    cast(count(case when party = 'democratic' then 1 end) as integer) as democratic_count,
    cast(count(case when party = 'republican' then 1 end) as integer) as republican_count,
    cast(sum(general_votes_count) as integer) as general_votes_count,
    cast(sum(general_elections_count) as integer) as general_elections_count,
    {{ ratio('sum(general_votes_count)', 'sum(general_elections_count)') }} as general_vote_share,
    -- More than a large family: a campus, a shelter, a nursing home. Its members tell little about each other.
    count(*) > 20 as is_large
from voters
where household_id is not null
group by household_id, source, state_abbr
