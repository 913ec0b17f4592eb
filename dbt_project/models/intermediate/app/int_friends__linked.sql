with

listed as (
    select * from {{ ref('int_friends__listed') }}
),

links as (
    select * from {{ source('linkage', 'person_links') }}
),

users as (
    select * from {{ ref('int_app_users__consented') }}
),

voters as (
    select * from {{ ref('dim_voters') }}
)

-- Two names on one list may be one voter; nobody is asked to remind oneself.
select
    listed.person_key,
    links.voter_id,
    min(listed.friend_key) as friend_key
from listed
inner join users on listed.person_key = users.person_key and users.has_contact_consent
inner join links on listed.friend_key = links.person_key
inner join voters on links.voter_id = voters.voter_id
left join links as own on listed.person_key = own.person_key
where own.voter_id is null or own.voter_id <> links.voter_id
group by listed.person_key, links.voter_id
