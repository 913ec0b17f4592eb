{{ config(tags=['people']) }}

with

listed as (
    select * from {{ ref('int_friends__listed') }}
),

edges as (
    select * from {{ ref('stg_app__friend_edges') }}
),

shared as (
    select * from {{ ref('stg_app__friend_shared') }}
),

users as (
    select * from {{ ref('int_app_users__latest') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
),

named as (
    select listed.friend_key as person_key, max(edges.friend_name) as full_name
    from listed
    inner join edges on listed.person_key = edges.person_key and listed.friend_key = edges.friend_key
    inner join parameters on edges.snapshot_date <= parameters.as_of_date
    left join users on listed.friend_key = users.person_key
    where users.person_key is null
    group by listed.friend_key
),

told as (
    select
        shared.friend_key,
        max(shared.birth_year) as birth_year,
        max(shared.birth_month) as birth_month,
        max(shared.birth_day) as birth_day,
        max(shared.city) as city,
        max(shared.state_name) as state_name
    from shared
    inner join parameters on shared.snapshot_date <= parameters.as_of_date
    group by shared.friend_key
)

select
    named.person_key,
    named.full_name,
    told.birth_year,
    told.birth_month,
    told.birth_day,
    told.city,
    told.state_name
from named
left join told on named.person_key = told.friend_key
