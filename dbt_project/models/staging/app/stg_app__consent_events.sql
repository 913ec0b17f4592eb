with

lines as (
    select * from {{ source('raw', 'app_consent_events') }}
)

select
    _source as source,
    _snapshot_date as snapshot_date,
    _file_id as file_id,
    _line as line,
    _source || ':' || {{ cleaned('event_id') }} as event_key,
    {{ person_key('user_id') }} as person_key,
    lower({{ cleaned('scope') }}) as scope,
    lower({{ cleaned('action') }}) as consent_action,
    {{ safe_timestamp('occurred_at') }} as occurred_at,
    upper({{ cleaned('country_code') }}) as country_code
from lines
