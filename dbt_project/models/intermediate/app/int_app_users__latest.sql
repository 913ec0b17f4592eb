{{ config(materialized='view') }}

with

users as (
    select * from {{ ref('stg_app__users') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
),

ranked as (
    select
        users.*,
        row_number() over (
            partition by users.person_key
            order by
                users.updated_at desc nulls last, users.snapshot_date desc, users.file_id desc, users.line desc
        ) as recency,
        -- Who asked once to be deleted stays deleted, even if a late export brings the account again.
        max(case when users.deleted_at is not null then 1 else 0 end) over (partition by users.person_key) = 1
            as is_deleted
    from users
    inner join parameters on users.snapshot_date <= parameters.as_of_date
)

select
    ranked.person_key,
    ranked.source,
    ranked.organizer_id,
    ranked.snapshot_date,
    ranked.full_name,
    ranked.first_name,
    ranked.last_name,
    ranked.sex_code,
    ranked.birth_year,
    ranked.birth_month,
    ranked.birth_day,
    ranked.city,
    ranked.state_name,
    ranked.country_code,
    ranked.zip_code,
    ranked.phone,
    ranked.email,
    ranked.installed_at,
    ranked.is_deleted,
    -- With a year alone, nobody is surely an adult before the year in which all born then have turned 18 is over.
    coalesce(
        case
            when ranked.birth_month is null then extract(year from parameters.as_of_date) - ranked.birth_year < 19
            else
                (extract(year from parameters.as_of_date) - ranked.birth_year) * 10000
                + extract(month from parameters.as_of_date) * 100 + extract(day from parameters.as_of_date)
                - ranked.birth_month * 100 - coalesce(ranked.birth_day, 31) < 180000
        end,
        false
    ) as is_minor
from ranked
cross join parameters
where ranked.recency = 1
