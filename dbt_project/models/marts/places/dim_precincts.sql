with

voters as (
    select * from {{ ref('dim_voters') }}
)

select
    precinct_id,
    source,
    state_abbr,
    county_code,
    min(county_name) as county_name,
    precinct_code,
    min(precinct_name) as precinct_name,
    {{ roll_figures() }}
from voters
where is_registered and precinct_id is not null
group by precinct_id, source, state_abbr, county_code, precinct_code
