{{ config(tags=['field_live']) }}

with

-- Reports of one event are one event: what a tablet sent twice is counted once.
events as (
    select
        event_key,
        account_key,
        contact_type,
        local_date,
        local_hour,
        is_correction,
        amount,
        max(conversations) as conversations,
        max(support_ids) as support_ids
    from {{ ref('int_contacts__posted') }}
    where account_key is not null
    group by event_key, account_key, contact_type, local_date, local_hour, is_correction, amount
)

select
    account_key,
    contact_type,
    local_date,
    local_hour,
    is_correction,
    cast(sum(amount) as integer) as attempts_count,
    cast(sum(amount * conversations) as integer) as conversations_count,
    cast(sum(amount * support_ids) as integer) as support_ids_count
from events
group by account_key, contact_type, local_date, local_hour, is_correction
