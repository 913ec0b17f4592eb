with

actions as (
    select * from {{ ref('stg_app__actions') }}
),

users as (
    select * from {{ ref('int_app_users__consented') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
),

-- A correction replaces what it corrects. The same revision told twice counts as it was told first.
ranked as (
    select
        actions.*,
        row_number() over (
            partition by actions.event_key
            order by actions.revision desc, actions.snapshot_date asc, actions.file_id asc, actions.line asc
        ) as recency
    from actions
    inner join parameters on actions.snapshot_date <= parameters.as_of_date
)

select
    ranked.event_key,
    ranked.person_key,
    ranked.source,
    ranked.action_type,
    ranked.ask_type,
    ranked.friend_key,
    ranked.occurred_at,
    ranked.outcome,
    ranked.amount_dollars,
    ranked.revision
from ranked
inner join users on ranked.person_key = users.person_key and ranked.occurred_at >= users.consented_at
where ranked.recency = 1
