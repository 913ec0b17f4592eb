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
),

believing as (
    select * from {{ ref('int_app_users__believing') }}
)

-- A voter whom no consenting user claims has no row: not a user is unknown, not zero.
select
    links.voter_id,
    runs.as_of_date,
    cast(count(actions.event_key) as integer) as actions_count,
    -- Told today, it would be a word from the future in a row of a past election.
    max(case when runs.as_of_role = 'tonight' then believing.religion end) as religion
from users
inner join links on users.person_key = links.person_key
inner join runs on users.installed_at < runs.as_of_date
left join believing on links.voter_id = believing.voter_id
left join actions on users.person_key = actions.person_key and actions.occurred_at < runs.as_of_date
group by links.voter_id, runs.as_of_date
