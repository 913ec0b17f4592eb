with

lines as (
    select * from {{ source('raw', 'app_users') }}
)

select
    _source as source,
    _snapshot_date as snapshot_date,
    _file_id as file_id,
    _line as line,
    {{ person_key('user_id') }} as person_key,
    {{ person_key('organizer_id') }} as organizer_id,
    {{ cleaned('full_name') }} as full_name,
    {{ cleaned('first_name') }} as first_name,
    {{ cleaned('last_name') }} as last_name,
    -- In other languages the first letter may mean the other sex: a word that is not known is none.
    case
        when lower({{ cleaned('gender_code') }}) in ('female', 'f') then 'f'
        when lower({{ cleaned('gender_code') }}) in ('male', 'm') then 'm'
    end as sex_code,
    {{ birthday_parts() }},
    {{ cleaned('city') }} as city,
    {{ cleaned('state') }} as state_name,
    upper({{ cleaned('country_code') }}) as country_code,
    {{ cleaned('zip_code') }} as zip_code,
    {{ cleaned('phone') }} as phone,
    {{ cleaned('email') }} as email,
    {{ safe_timestamp('installed_at') }} as installed_at,
    {{ safe_timestamp('updated_at') }} as updated_at,
    {{ safe_timestamp('deleted_at') }} as deleted_at
from lines
