{{ config(materialized='view', tags=['field_live']) }}

with

ranked as (
    select
        shift_key,
        account_key,
        status,
        local_date,
        local_hour,
        row_number() over (
            partition by shift_key order by modified_at desc, snapshot_date desc, file_id desc, line desc
        ) as recency
    from {{ ref('stg_field__shifts') }}
)

select
    shift_key,
    account_key,
    status,
    local_date,
    local_hour
from ranked
where recency = 1
