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
    where {{ comes_new('contacts') }}
),

answers as (
    select responses.contact_key, min(responses.snapshot_date) as answered_date
    from {{ ref('stg_field__responses') }} as responses
    where responses.question = 'support' and {{ comes_new('responses') }}
    group by responses.contact_key
),

told as (
    select
        reports.*,
        reports.snapshot_date <= reports.closes_date as is_in_time,
        case when reports.result = 'canvassed' then 1 else 0 end as conversations,
        case when answers.answered_date is not null then 1 else 0 end as support_ids,
        case when answers.answered_date <= reports.closes_date then 1 else 0 end as support_ids_in_time,
        -- Not of the account: its number could be found by trying, and events are told apart by account where they are counted.
        {{ text_key("reports.vendor_key || ' ' || " ~ as_text(minute_of('reports.contacted_at'))) }}
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

pairs as (
    select
        latest.*,
        booked.contact_key is not null as has_booked,
        booked.account_key as booked_account_key,
        booked.contact_type as booked_contact_type,
        booked.local_date as booked_local_date,
        booked.local_hour as booked_local_hour,
        booked.event_key as booked_event_key,
        booked.conversations as booked_conversations,
        booked.support_ids_in_time as booked_support_ids,
        (
            booked.contact_key is null
            or latest.account_key is distinct from booked.account_key
            or latest.contact_type <> booked.contact_type
            or latest.conversations <> booked.conversations
            or latest.local_date <> booked.local_date
            or latest.local_hour <> booked.local_hour
            or latest.support_ids <> booked.support_ids_in_time
        ) as is_changed
    from ranked as latest
    left join ranked as booked
        on latest.contact_key = booked.contact_key and booked.is_in_time and booked.recency_in_time = 1
    where latest.recency = 1
),

-- What the week was closed with; the same taken out; what is told instead.
steps as (
    select 'book' as step, 1 as amount
    union all
    select 'take out' as step, -1 as amount
    union all
    select 'tell anew' as step, 1 as amount
)

select
    pairs.contact_key,
    case when steps.step = 'tell anew' then pairs.account_key else pairs.booked_account_key end as account_key,
    case when steps.step = 'tell anew' then pairs.contact_type else pairs.booked_contact_type end as contact_type,
    case when steps.step = 'tell anew' then pairs.local_date else pairs.booked_local_date end as local_date,
    case when steps.step = 'tell anew' then pairs.local_hour else pairs.booked_local_hour end as local_hour,
    case when steps.step = 'tell anew' then pairs.event_key else pairs.booked_event_key end as event_key,
    case when steps.step = 'tell anew' then pairs.conversations else pairs.booked_conversations end as conversations,
    case when steps.step = 'tell anew' then pairs.support_ids else pairs.booked_support_ids end as support_ids,
    steps.amount,
    steps.step <> 'book' as is_correction
from pairs
cross join steps
where (pairs.has_booked or steps.step = 'tell anew') and (pairs.is_changed or steps.step = 'book')
