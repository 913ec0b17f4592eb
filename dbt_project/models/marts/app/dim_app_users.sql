with

users as (
    select * from {{ ref('int_app_users__consented') }}
),

links as (
    select * from {{ source('linkage', 'person_links') }}
),

voters as (
    select * from {{ ref('dim_voters') }}
),

actions as (
    select person_key, cast(count(*) as integer) as actions_count
    from {{ ref('int_app_actions__latest') }}
    group by person_key
),

friends as (
    select person_key, cast(count(*) as integer) as friends_count
    from {{ ref('int_friends__listed') }}
    group by person_key
)

select
    users.person_key,
    users.source,
    users.organizer_id,
    users.country_code,
    cast(users.installed_at as date) as installed_date,
    users.has_contact_consent,
    users.has_modeling_consent,
    users.has_matching_consent,
    users.has_friends_consent,
    voters.voter_id,
    case when voters.voter_id is not null then links.method end as link_method,
    case when voters.voter_id is not null then links.probability end as link_probability,
    coalesce(actions.actions_count, 0) as actions_count,
    coalesce(friends.friends_count, 0) as friends_count
from users
left join links on users.person_key = links.person_key and users.has_matching_consent
left join voters on links.voter_id = voters.voter_id
left join actions on users.person_key = actions.person_key
left join friends on users.person_key = friends.person_key
