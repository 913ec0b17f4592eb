with

registrations as (
    select * from {{ source('raw', 'voter_file_registrations') }}
),

sources as (
    select * from {{ ref('stg_voter_file__sources') }}
),

-- One meaning a code, and one import for each use: engines then leave out the look-ups that a reader of this view does not need.
status_codes as (
    {{ code_meanings('status') }}
),

race_codes as (
    {{ code_meanings('race') }}
),

ethnicity_codes as (
    {{ code_meanings('ethnicity') }}
),

party_codes as (
    {{ code_meanings('party') }}
),

sex_codes as (
    {{ code_meanings('sex') }}
),

tidied as (
    select
        registrations.*,
        sources.state_abbr as source_state_abbr,
        sources.id_prefix,
        {{ address_text('registrations.street_address') }} as address_text,
        {{ zip_digits(
            'registrations.zip_code', 'upper(coalesce(' ~ cleaned('registrations.state_abbr') ~ ', sources.state_abbr))'
        ) }} as zip_digits,
        {{ safe_date('registrations.birth_date') }} as birth_day
    from registrations
    left join sources on registrations._source = sources.source
)

select
    tidied._source as source,
    tidied._snapshot_date as snapshot_date,
    tidied._file_id as file_id,
    tidied._line as line,
    tidied.id_prefix || '-' || {{ cleaned('tidied.voter_id') }} as voter_id,
    tidied.source_state_abbr as state_abbr,
    {{ cleaned('tidied.county_code') }} as county_code,
    {{ cleaned('tidied.county_name') }} as county_name,
    {{ cleaned('tidied.county_voter_id') }} as county_voter_id,
    {{ cleaned('tidied.last_name') }} as last_name,
    {{ cleaned('tidied.first_name') }} as first_name,
    {{ cleaned('tidied.middle_name') }} as middle_name,
    {{ cleaned('tidied.name_suffix') }} as name_suffix,
    {{ decoded('tidied.status_code', 'status_codes.meaning') }} as status,
    {{ cleaned('tidied.status_reason_code') }} as status_reason_code,
    tidied.address_text as street_address,
    {{ address_kind('tidied.address_text') }} as address_kind,
    {{ cleaned('tidied.city') }} as city,
    case when substr(tidied.zip_digits, 1, 5) not in ('00000', '99999') then substr(tidied.zip_digits, 1, 5) end as zip_code,
    nullif(substr(tidied.zip_digits, 6, 4), '') as zip_plus4,
    {{ cleaned('tidied.mail_address') }} as mail_address,
    {{ cleaned('tidied.mail_city') }} as mail_city,
    {{ cleaned('tidied.mail_state') }} as mail_state,
    {{ cleaned('tidied.mail_zip_code') }} as mail_zip_code,
    {{ cleaned('tidied.phone') }} as phone,
    {{ cleaned('tidied.email') }} as email,
    -- Anything but a plain no keeps the voter in the vault: a mark that is read wrongly must not expose anybody.
    upper(coalesce({{ cleaned('tidied.is_confidential') }}, 'N')) <> 'N' as is_confidential,
    {{ safe_date('tidied.registered_date') }} as registered_date,
    {{ decoded('tidied.race_code', 'race_codes.meaning') }} as race,
    {{ decoded('tidied.ethnicity_code', 'ethnicity_codes.meaning') }} as ethnicity,
    {{ decoded('tidied.party_code', 'party_codes.meaning') }} as party,
    {{ decoded('tidied.sex_code', 'sex_codes.meaning') }} as sex,
    coalesce({{ safe_integer('tidied.birth_year') }}, cast(extract(year from tidied.birth_day) as integer)) as birth_year,
    tidied.birth_day as birth_date,
    {{ cleaned('tidied.birth_state') }} as birth_state,
    upper({{ cleaned('tidied.has_drivers_license') }}) = 'Y' as has_drivers_license,
    {{ cleaned('tidied.precinct_code') }} as precinct_code,
    {{ cleaned('tidied.precinct_name') }} as precinct_name,
    {{ cleaned('tidied.municipality_name') }} as municipality_name,
    {{ cleaned('tidied.ward_code') }} as ward_code,
    {{ cleaned('tidied.congressional_district') }} as congressional_district,
    {{ cleaned('tidied.state_senate_district') }} as state_senate_district,
    {{ cleaned('tidied.state_house_district') }} as state_house_district,
    {{ cleaned('tidied.county_commission_district') }} as county_commission_district,
    {{ cleaned('tidied.school_district') }} as school_district,
    {{ cleaned('tidied.household_code') }} as household_code,
    {{ cleaned('tidied.experiment_arm') }} as experiment_arm
from tidied
left join status_codes on tidied._source = status_codes.source and trim(tidied.status_code) = status_codes.code
left join race_codes on tidied._source = race_codes.source and trim(tidied.race_code) = race_codes.code
left join ethnicity_codes on tidied._source = ethnicity_codes.source and trim(tidied.ethnicity_code) = ethnicity_codes.code
left join party_codes on tidied._source = party_codes.source and trim(tidied.party_code) = party_codes.code
left join sex_codes on tidied._source = sex_codes.source and trim(tidied.sex_code) = sex_codes.code
