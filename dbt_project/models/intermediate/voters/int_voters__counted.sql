{{ config(materialized=wide_intermediate()) }}
{% set elections = [
    'presidential_1', 'presidential_2', 'midterm_1', 'midterm_2', 'primary_1', 'primary_2', 'primary_3', 'municipal_1'
] %}

with

voters as (
    select * from {{ ref('int_voters__as_of') }}
),

votes as (
    select * from {{ ref('int_votes__masked') }}
),

eligible as (
    select * from {{ ref('int_elections__eligible') }}
),

covered as (
    select * from {{ ref('int_elections__covered') }}
),

-- Who voted was eligible, whatever the registration date says.
masked as (
    select
        voters.*,
        covered.covered_mask,
        covered.recent_general_mask,
        covered.cycle_mask,
        covered.cycle_general_mask,
        covered.primary_mask,
        {%- for election in elections %}
        covered.{{ election }}_mask,
        {%- endfor %}
        votes.early_mask,
        votes.mail_mask,
        votes.method_known_mask,
        votes.democratic_mask,
        votes.republican_mask,
        votes.unaffiliated_mask,
        votes.party_known_mask,
        coalesce(votes.voted_mask, 0) & covered.covered_mask as voted_mask,
        (coalesce(eligible.eligible_mask, 0) | coalesce(votes.voted_mask, 0)) & covered.covered_mask as eligible_mask
    from voters
    inner join covered on voters.source = covered.source and voters.as_of_date = covered.as_of_date
    left join votes on voters.voter_id = votes.voter_id
    left join eligible on voters.source = eligible.source and voters.eligible_from_date = eligible.eligible_from_date
),

placed as (
    select *, {{ highest_bit('voted_mask') }} as last_vote_number
    from masked
),

ended as (
    select *, {{ one_bit('last_vote_number') }} & party_known_mask as last_vote_bit
    from placed
)

select
    voter_id,
    source,
    as_of_date,
    as_of_role,
    is_scorable,
    household_id,
    household_size,
    status,
    party,
    case
        when last_vote_bit & democratic_mask <> 0 then 'democratic'
        when last_vote_bit & republican_mask <> 0 then 'republican'
        when last_vote_bit & unaffiliated_mask <> 0 then 'unaffiliated'
        when last_vote_bit <> 0 then 'minor'
    end as party_last_voted,
    age,
    days_registered,
    sex,
    race,
    ethnicity,
    experiment_arm,
    county_code,
    zip_code,
    last_vote_number,
    {%- for election in elections %}
    {{ voted_in(election ~ '_mask') }} as {{ election }},
    {%- endfor %}
    {{ bits_set('voted_mask') }} as votes_count,
    {{ bits_set('eligible_mask') }} as elections_count,
    {%- for name in ['recent_general', 'cycle', 'cycle_general'] %}
    {{ bits_set('voted_mask & ' ~ name ~ '_mask') }} as {{ name }}_votes_count,
    {{ bits_set('eligible_mask & ' ~ name ~ '_mask') }} as {{ name }}_elections_count,
    {%- endfor %}
    {%- for method in ['early', 'mail', 'method_known'] %}
    coalesce({{ bits_set('voted_mask & ' ~ method ~ '_mask') }}, 0) as {{ method }}_count,
    {%- endfor %}
    coalesce({{ bits_set('voted_mask & primary_mask & democratic_mask') }}, 0) as primary_dem_count,
    coalesce({{ bits_set('voted_mask & primary_mask & republican_mask') }}, 0) as primary_rep_count
from ended
