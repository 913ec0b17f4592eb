with

voters as (
    select * from {{ ref('int_registrations__kept') }} where is_latest
),

identities as (
    select * from {{ ref('voter_identities') }}
),

households as (
    select * from {{ ref('int_households__grouped') }}
)

-- Hidden voters ended before int_registrations__kept; who is off the roll cannot be asked to vote.
select
    voters.voter_id,
    identities.first_name,
    identities.middle_name,
    identities.last_name,
    identities.name_suffix,
    identities.birth_date,
    identities.birth_year,
    identities.city,
    identities.state_abbr,
    identities.zip_code,
    voters.county_code,
    identities.phone,
    identities.email,
    upper(substr(voters.sex, 1, 1)) as sex,
    households.household_id,
    md5(concat_ws(
        '|', identities.first_name, coalesce(identities.middle_name, ''), identities.last_name,
        coalesce(identities.name_suffix, ''), coalesce({{ as_text('identities.birth_year') }}, ''),
        coalesce({{ as_text('identities.birth_date') }}, ''), coalesce(identities.city, ''),
        coalesce(identities.zip_code, ''), coalesce(identities.phone, ''), coalesce(identities.email, '')
    )) as content_hash
from voters
inner join identities on voters.voter_id = identities.voter_id
left join households on voters.snapshot_date = households.snapshot_date and voters.home_key = households.home_key
where {{ on_the_roll('voters.status') }}
