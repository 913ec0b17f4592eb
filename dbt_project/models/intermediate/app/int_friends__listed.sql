with

edges as (
    select * from {{ ref('stg_app__friend_edges') }}
),

users as (
    select * from {{ ref('int_app_users__consented') }} where has_friends_consent
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
)

-- Lists come again and again; a friend is on a list once, and nobody is a friend of oneself.
select edges.person_key, edges.friend_key
from edges
inner join users on edges.person_key = users.person_key
inner join parameters on edges.snapshot_date <= parameters.as_of_date
where edges.person_key <> edges.friend_key
group by edges.person_key, edges.friend_key
