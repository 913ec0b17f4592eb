{{ config(tags=['people']) }}

with

users as (
    select * from {{ ref('int_app_users__latest') }}
),

consented as (
    select * from {{ ref('int_app_users__consented') }} where has_matching_consent
),

friends as (
    select * from {{ ref('friends_to_match') }}
),

states as (
    select * from {{ ref('us_states') }}
),

decided as (
    select
        person_key,
        person_hash,
        row_number() over (partition by person_key order by decided_as_of_date desc) as recency
    from {{ source('linkage', 'decisions') }}
),

people as (
    select
        users.person_key,
        coalesce(users.first_name, split_part(users.full_name, ' ', 1)) as first_name,
        coalesce(users.last_name, split_part(users.full_name, ' ', -1)) as last_name,
        case when users.full_name like '% % %' then split_part(users.full_name, ' ', -2) end as other_last_name,
        users.birth_year,
        users.birth_month,
        users.birth_day,
        users.city,
        users.state_name,
        users.zip_code,
        users.phone,
        users.email,
        upper(users.sex_code) as sex,
        false as is_friend
    from users
    inner join consented on users.person_key = consented.person_key

    union all

    select
        person_key,
        split_part(full_name, ' ', 1) as first_name,
        split_part(full_name, ' ', -1) as last_name,
        case when full_name like '% % %' then split_part(full_name, ' ', -2) end as other_last_name,
        birth_year,
        birth_month,
        birth_day,
        city,
        state_name,
        {{ as_text('null') }} as zip_code,
        {{ as_text('null') }} as phone,
        {{ as_text('null') }} as email,
        {{ as_text('null') }} as sex,
        true as is_friend
    from friends
)

select
    people.person_key,
    people.first_name,
    people.last_name,
    people.other_last_name,
    people.birth_year,
    people.birth_month,
    people.birth_day,
    people.city,
    states.state_abbr,
    people.zip_code,
    {{ as_text('null') }} as county_code,
    people.phone,
    people.email,
    people.sex,
    people.is_friend,
    -- A friend whose name has been purged keeps the answer that was found with it.
    case
        when people.first_name is null then decided.person_hash
        else md5(concat_ws(
            '|', people.first_name, people.last_name, coalesce(people.other_last_name, ''),
            coalesce({{ as_text('people.birth_year') }}, ''), coalesce({{ as_text('people.birth_month') }}, ''),
            coalesce({{ as_text('people.birth_day') }}, ''), coalesce(people.city, ''), coalesce(states.state_abbr, ''),
            coalesce(people.zip_code, ''), coalesce(people.phone, ''), coalesce(people.email, ''), coalesce(people.sex, '')
        ))
    end as content_hash
from people
left join states on upper(people.state_name) in (states.state_name, states.state_abbr)
left join decided on people.person_key = decided.person_key and decided.recency = 1
where people.first_name is not null or decided.person_hash is not null
