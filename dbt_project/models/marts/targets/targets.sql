{{ config(tags=['scores']) }}

{%- set districts = {
    'state': "voters.source",
    'congressional': "voters.congressional_district",
    'state_senate': "voters.state_senate_district",
    'state_house': "voters.state_house_district",
    'county': "voters.county_code",
    'municipality': "voters.municipality_name",
    'ward': "voters.municipality_name || '-' || voters.ward_code",
} %}

with

targeted as (
    select * from {{ ref('int_voters__targeted') }}
),

voters as (
    select * from {{ ref('dim_voters') }}
),

members as (
    {%- for district_type, district_code in districts.items() %}
    select
        targeted.*,
        voters.household_id,
        '{{ district_type }}' as district_type,
        lower(coalesce(voters.state_abbr, voters.source) || '-{{ district_type }}-' || {{ district_code }}) as district_id
    from targeted
    inner join voters on targeted.voter_id = voters.voter_id
    where {{ district_code }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    universe,
    district_type,
    district_id,
    as_of_date,
    cast(count(*) as bigint) as voters_count,
    cast(count(distinct household_id) as bigint) as households_count,
    {{ ratio('sum(turnout_score)', '100') }} as expected_votes,
    {{ ratio('sum(turnout_score * support_score)', '10000') }} as expected_supporting_votes,
    cast(sum(votes_gained_per_hundred) / 100 as decimal(14, 4)) as gained_votes,
    cast(sum(cost_per_voter) as decimal(14, 2)) as cost_amount
from members
group by universe, district_type, district_id, as_of_date
