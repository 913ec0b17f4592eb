{{ config(materialized='view') }}

with

registrations as (
    select * from {{ ref('stg_voter_file__registrations') }}
),

snapshots as (
    select * from {{ ref('int_snapshots__used') }}
),

repeated as (
    select * from {{ ref('int_registrations__repeated') }}
),

reused as (
    select * from {{ ref('int_registrations__reused') }}
),

chosen as (
    select
        registrations.*,
        snapshots.is_latest,
        coalesce(repeated.has_confidential_line, false) as has_confidential_line,
        case
            when registrations.birth_date is not null then {{ add_years('registrations.birth_date', 18) }}
            else make_date(registrations.birth_year + 18, 1, 1)
        end as voting_age_date
    from registrations
    inner join snapshots
        on registrations.source = snapshots.source and registrations.snapshot_date = snapshots.snapshot_date
    left join repeated on registrations.file_id = repeated.file_id and registrations.line = repeated.line
    left join reused on registrations.file_id = reused.file_id and registrations.line = reused.line
    where
        (repeated.file_id is null or repeated.is_kept)
        -- Without a confidential line the id would pass for a voter who has left, and who may be shown.
        and (reused.file_id is null or registrations.is_confidential or coalesce(repeated.has_confidential_line, false))
)

select
    source,
    snapshot_date,
    is_latest,
    voter_id,
    is_confidential or has_confidential_line as is_confidential,
    status,
    registered_date,
    birth_year,
    case when birth_date is not null then 'day' when birth_year is not null then 'year' end as birth_precision,
    voting_age_date,
    -- With a year alone, nobody is surely an adult before the year in which all born then have turned 18 is over.
    case when birth_date is not null then voting_age_date else make_date(birth_year + 19, 1, 1) end as adult_date,
    -- A voter whose registration date is not known counts as registered since coming of age.
    greatest(coalesce(registered_date, voting_age_date), coalesce(voting_age_date, registered_date)) as eligible_from_date,
    coalesce(sex, 'undesignated') as sex,
    coalesce(race, 'undesignated') as race,
    coalesce(ethnicity, 'undesignated') as ethnicity,
    party,
    county_code,
    county_name,
    zip_code,
    precinct_code,
    precinct_name,
    congressional_district,
    state_senate_district,
    state_house_district,
    municipality_name,
    ward_code,
    experiment_arm,
    -- Groups the people of one home inside the pipeline; it never reaches a mart, because an address can be guessed from its hash.
    case
        when is_confidential or has_confidential_line or not {{ on_the_roll('status') }} then null
        when household_code is not null then {{ text_key("source || '|' || household_code") }}
        when zip_code is not null and address_kind in ('street', 'rural_route', 'po_box')
            then {{ text_key("source || '|' || zip_code || '|' || upper(street_address)") }}
    end as home_key
from chosen
where voter_id is not null
