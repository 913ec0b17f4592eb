with

voters as (
    select * from {{ ref('dim_voters') }}
),

members as (
    {%- for district_type in ['congressional', 'state_senate', 'state_house'] %}
    select
        source,
        state_abbr,
        '{{ district_type }}' as district_type,
        {{ district_type }}_district as district_code,
        status,
        party,
        household_id,
        general_votes_count,
        general_elections_count
    from voters
    where is_registered and {{ district_type }}_district is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    lower(coalesce(state_abbr, source)) || '-' || district_type || '-' || district_code as district_id,
    source,
    state_abbr,
    district_type,
    district_code,
    {{ roll_figures() }}
from members
group by source, state_abbr, district_type, district_code
