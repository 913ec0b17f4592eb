with

actions as (
    select * from {{ ref('int_app_actions__latest') }}
)

select
    event_key,
    person_key,
    source,
    action_type,
    ask_type,
    friend_key is not null as is_about_friend,
    occurred_at,
    outcome,
    amount_dollars,
    revision
from actions
