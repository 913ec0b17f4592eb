with

contacts as (
    select * from {{ ref('stg_field__contacts') }}
),

responses as (
    select contact_key, support_level from {{ ref('int_responses__latest') }} where question = 'support'
),

crosswalk as (
    select
        vendor_key,
        voter_id,
        row_number() over (partition by vendor_key order by snapshot_date desc, file_id desc, line desc) as recency
    from {{ ref('stg_field__crosswalk') }}
),

ranked as (
    select
        contacts.*,
        row_number() over (
            partition by contacts.contact_key
            order by contacts.modified_at desc, contacts.snapshot_date desc, contacts.file_id desc, contacts.line desc
        ) as recency,
        count(*) over (partition by contacts.contact_key) as reports_count
    from contacts
),

-- A tablet that sends twice makes a second id for what one person did at one door in one minute: the lowest id counts.
numbered as (
    select
        ranked.*,
        row_number() over (
            partition by
                ranked.source, ranked.vendor_key, ranked.account_key, ranked.contact_type, ranked.local_date,
                {{ minute_of('ranked.contacted_at') }}
            order by ranked.contact_key
        ) as nth_report
    from ranked
    where ranked.recency = 1
)

select
    numbered.contact_key,
    numbered.source,
    numbered.vendor_key,
    crosswalk.voter_id,
    numbered.account_key,
    numbered.turf_key,
    numbered.contact_type,
    numbered.result,
    responses.support_level,
    numbered.contacted_at,
    numbered.local_date,
    numbered.local_hour,
    numbered.snapshot_date,
    cast(numbered.reports_count as integer) as reports_count,
    numbered.nth_report > 1 as is_repeated
from numbered
left join crosswalk on numbered.vendor_key = crosswalk.vendor_key and crosswalk.recency = 1
left join responses on numbered.contact_key = responses.contact_key
