with

lines as (
    select * from {{ source('raw', 'app_friend_shared') }}
)

select
    _source as source,
    _snapshot_date as snapshot_date,
    _file_id as file_id,
    _line as line,
    {{ person_key('friend_id') }} as friend_key,
    {{ birthday_parts() }},
    {{ cleaned('city') }} as city,
    {{ cleaned('state') }} as state_name
from lines
