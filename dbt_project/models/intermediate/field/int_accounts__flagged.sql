{{ config(tags=['field_live']) }}

with

worked as (
    select account_key, contact_type, local_date, local_hour, cast(sum(attempts_count) as integer) as attempts_count
    from {{ ref('int_accounts__worked') }}
    group by account_key, contact_type, local_date, local_hour
),

reviews as (
    select
        account_key,
        worked_date,
        verdict,
        row_number() over (
            partition by account_key, worked_date order by snapshot_date desc, file_id desc, line desc
        ) as recency
    from {{ ref('stg_field__reviews') }}
)

select
    worked.account_key,
    worked.contact_type,
    worked.local_date,
    worked.local_hour,
    worked.attempts_count,
    coalesce(reviews.verdict, 'waiting') as verdict
from worked
left join reviews
    on worked.account_key = reviews.account_key and worked.local_date = reviews.worked_date and reviews.recency = 1
where {{ beyond_belief('worked.contact_type', 'worked.attempts_count') }}
