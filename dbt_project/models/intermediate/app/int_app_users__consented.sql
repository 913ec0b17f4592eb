with

users as (
    select * from {{ ref('int_app_users__latest') }}
),

consents as (
    select * from {{ ref('int_consents__effective') }}
),

scopes as (
    select
        person_key,
        min(granted_at) as consented_at,
        max(case when scope = 'contact' then 1 else 0 end) = 1 as has_contact_consent,
        max(case when scope = 'modeling' then 1 else 0 end) = 1 as has_modeling_consent,
        max(case when scope = 'matching' then 1 else 0 end) = 1 as has_matching_consent,
        max(case when scope = 'friends' then 1 else 0 end) = 1 as has_friends_consent
    from consents
    group by person_key
)

select
    users.person_key,
    users.source,
    users.organizer_id,
    users.country_code,
    users.installed_at,
    scopes.consented_at,
    scopes.has_contact_consent,
    scopes.has_modeling_consent,
    scopes.has_matching_consent,
    scopes.has_friends_consent
from users
inner join scopes on users.person_key = scopes.person_key
where not users.is_deleted and not users.is_minor
