with

beliefs as (
    select * from {{ ref('stg_app__beliefs') }}
),

users as (
    select * from {{ ref('int_app_users__consented') }} where has_matching_consent and has_modeling_consent
),

links as (
    select * from {{ source('linkage', 'person_links') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
),

-- Two accounts of one voter are one voter: the profile that was changed last speaks.
ranked as (
    select
        links.voter_id,
        cast(coalesce(beliefs.updated_at, beliefs.installed_at) as date) as told_on,
        beliefs.support_level,
        beliefs.religion,
        row_number() over (
            partition by links.voter_id
            order by
                beliefs.updated_at desc nulls last,
                beliefs.snapshot_date desc,
                beliefs.person_key desc,
                beliefs.file_id desc,
                beliefs.line desc
        ) as recency
    from beliefs
    inner join parameters on beliefs.snapshot_date <= parameters.as_of_date
    inner join users on beliefs.person_key = users.person_key
    inner join links on beliefs.person_key = links.person_key
    where cast(coalesce(beliefs.updated_at, beliefs.installed_at) as date) < parameters.as_of_date
)

select voter_id, told_on, support_level, religion
from ranked
where recency = 1 and (support_level is not null or religion is not null)
