{{ config(materialized='view') }}

with

ranked as (
    select
        contact_key,
        question,
        answer,
        row_number() over (
            partition by contact_key, question
            order by modified_at desc, snapshot_date desc, file_id desc, line desc
        ) as recency
    from {{ ref('stg_field__responses') }}
)

select
    contact_key,
    question,
    answer,
    cast(
        case answer
            when 'strong_support' then 1
            when 'lean_support' then 2
            when 'undecided' then 3
            when 'lean_opposition' then 4
            when 'strong_opposition' then 5
        end as smallint
    ) as support_level
from ranked
where recency = 1
