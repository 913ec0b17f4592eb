with

registrations as (
    select * from {{ ref('stg_voter_file__registrations') }}
),

picked as (
    select * from {{ ref('int_registrations__picked') }}
),

repeated as (
    select * from {{ ref('int_registrations__repeated') }}
)

select
    registrations.voter_id,
    registrations.source,
    registrations.snapshot_date,
    picked.is_confidential,
    registrations.last_name,
    registrations.first_name,
    registrations.middle_name,
    registrations.name_suffix,
    registrations.birth_date,
    registrations.birth_year,
    registrations.street_address,
    registrations.address_kind,
    registrations.city,
    registrations.state_abbr,
    registrations.zip_code,
    registrations.zip_plus4,
    registrations.mail_address,
    registrations.mail_city,
    registrations.mail_state,
    registrations.mail_zip_code,
    registrations.phone,
    registrations.email
from registrations
inner join picked
    on
        registrations.voter_id = picked.voter_id
        and registrations.snapshot_date = picked.snapshot_date
        and picked.is_latest
left join repeated on registrations.file_id = repeated.file_id and registrations.line = repeated.line
where repeated.file_id is null or repeated.is_kept
