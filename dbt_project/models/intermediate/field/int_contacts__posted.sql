{{ config(materialized='incremental', unique_key='contact_key', tags=['field_live']) }}

with

-- A tool's first export brings what was done before: those weeks close with it.
openings as (
    select source, min(snapshot_date) as opened_date from {{ ref('stg_field__contacts') }} group by source
),

reports as (
    select contacts.*, greatest({{ week_closes('contacts.local_date') }}, openings.opened_date) as closes_date
    from {{ ref('stg_field__contacts') }} as contacts
    inner join openings on contacts.source = openings.source
    where {{ comes_new('contacts.contact_key') }}
),

answers as (
    select contact_key, min(snapshot_date) as answered_date
    from {{ ref('stg_field__responses') }}
    where question = 'support' and {{ comes_new('contact_key') }}
    group by contact_key
),

told as (
    select
        reports.*,
        reports.snapshot_date <= reports.closes_date as is_in_time,
        case when reports.result = 'canvassed' then 1 else 0 end as conversations,
        case when answers.answered_date is not null then 1 else 0 end as support_ids,
        case when answers.answered_date <= reports.closes_date then 1 else 0 end as support_ids_in_time,
        {{ text_key("reports.vendor_key || ' ' || reports.account_key || ' ' || " ~ as_text(minute_of('reports.contacted_at'))) }}
            as event_key
    from reports
    left join answers on reports.contact_key = answers.contact_key
),

ranked as (
    select
        told.*,
        row_number() over (
            partition by told.contact_key
            order by told.modified_at desc, told.snapshot_date desc, told.file_id desc, told.line desc
        ) as recency,
        row_number() over (
            partition by told.contact_key, told.is_in_time
            order by told.modified_at desc, told.snapshot_date desc, told.file_id desc, told.line desc
        ) as recency_in_time
    from told
),

booked as (
    select * from ranked where is_in_time and recency_in_time = 1
),

-- What is told now, where it differs from what the week was closed with.
changed as (
    select latest.*
    from ranked as latest
    left join booked on latest.contact_key = booked.contact_key
    where
        latest.recency = 1
        and (
            booked.contact_key is null
            or latest.account_key is distinct from booked.account_key
            or latest.contact_type <> booked.contact_type
            or latest.conversations <> booked.conversations
            or latest.local_date <> booked.local_date
            or latest.local_hour <> booked.local_hour
            or latest.support_ids <> booked.support_ids_in_time
        )
),

entries as (
    select booked.*, booked.support_ids_in_time as ids, 1 as amount, false as is_correction from booked
    union all
    select changed.*, changed.support_ids as ids, 1 as amount, true as is_correction from changed
    union all
    select booked.*, booked.support_ids_in_time as ids, -1 as amount, true as is_correction
    from booked
    inner join changed on booked.contact_key = changed.contact_key
)

select
    contact_key,
    account_key,
    contact_type,
    local_date,
    local_hour,
    event_key,
    conversations,
    ids as support_ids,
    amount,
    is_correction
from entries
