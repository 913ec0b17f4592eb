with

lines as (
    select * from {{ source('raw', 'app_friend_edges') }}
)

select
    _source as source,
    _snapshot_date as snapshot_date,
    _file_id as file_id,
    _line as line,
    {{ person_key('user_id') }} as person_key,
    {{ person_key('friend_id') }} as friend_key,
    {{ cleaned('friend_name') }} as friend_name
from lines
