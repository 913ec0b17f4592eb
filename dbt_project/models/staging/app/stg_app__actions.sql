with

lines as (
    select * from {{ source('raw', 'app_actions') }}
)

select
    _source as source,
    _snapshot_date as snapshot_date,
    _file_id as file_id,
    _line as line,
    _source || ':' || {{ cleaned('event_id') }} as event_key,
    coalesce({{ safe_integer('revision') }}, 1) as revision,
    {{ person_key('user_id') }} as person_key,
    {{ person_key('friend_id') }} as friend_key,
    lower({{ cleaned('action_type') }}) as action_type,
    lower({{ cleaned('ask_type') }}) as ask_type,
    {{ safe_timestamp('occurred_at') }} as occurred_at,
    lower({{ cleaned('outcome') }}) as outcome,
    {{ safe_integer('amount') }} as amount_dollars
from lines
