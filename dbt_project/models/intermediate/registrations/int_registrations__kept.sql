with

registrations as (
    select * from {{ ref('int_registrations__picked') }}
),

hidden as (
    select * from {{ ref('int_voters__hidden') }}
),

departed as (
    select * from {{ ref('int_voters__left') }}
)

-- Everything after this model is about these voters alone: hidden ones end here.
select
    registrations.source,
    registrations.snapshot_date,
    registrations.is_latest,
    departed.voter_id is null as is_present,
    registrations.voter_id,
    registrations.status,
    registrations.registered_date,
    registrations.birth_year,
    registrations.birth_precision,
    registrations.voting_age_date,
    registrations.adult_date,
    registrations.eligible_from_date,
    registrations.sex,
    registrations.race,
    registrations.ethnicity,
    registrations.party,
    registrations.county_code,
    registrations.zip_code,
    registrations.experiment_arm,
    registrations.home_key,
    -- Names and districts are of no use but for the voters of today.
    case when registrations.is_latest then registrations.county_name end as county_name,
    case when registrations.is_latest then registrations.precinct_code end as precinct_code,
    case when registrations.is_latest then registrations.precinct_name end as precinct_name,
    case when registrations.is_latest then registrations.congressional_district end as congressional_district,
    case when registrations.is_latest then registrations.state_senate_district end as state_senate_district,
    case when registrations.is_latest then registrations.state_house_district end as state_house_district,
    case when registrations.is_latest then registrations.municipality_name end as municipality_name,
    case when registrations.is_latest then registrations.ward_code end as ward_code
from registrations
left join hidden on registrations.voter_id = hidden.voter_id
left join departed on registrations.voter_id = departed.voter_id
where hidden.voter_id is null
