with

actions as (
    select * from {{ ref('int_app_actions__latest') }}
),

users as (
    select * from {{ ref('int_app_users__consented') }} where has_matching_consent and has_modeling_consent
),

links as (
    select * from {{ source('linkage', 'person_links') }}
),

runs as (
    select * from {{ ref('int_runs__targeted') }}
)

-- A voter whom no consenting user claims has no row: not a user is unknown, not zero.
select
    links.voter_id,
    runs.as_of_date,
    cast(count(actions.event_key) as integer) as actions_count
from users
inner join links on users.person_key = links.person_key
inner join runs on users.installed_at < runs.as_of_date
left join actions on users.person_key = actions.person_key and actions.occurred_at < runs.as_of_date
group by links.voter_id, runs.as_of_date
