with

contacts as (
    select * from {{ ref('int_contacts__latest') }} where support_level is not null
),

voters as (
    select voter_id from {{ ref('dim_voters') }}
),

ranked as (
    select
        contacts.voter_id,
        contacts.local_date as answered_on,
        contacts.support_level,
        contacts.contact_type,
        row_number() over (
            partition by contacts.voter_id, contacts.local_date
            order by contacts.contacted_at desc, contacts.contact_key desc
        ) as recency
    from contacts
    inner join voters on contacts.voter_id = voters.voter_id
)

select
    voter_id,
    answered_on,
    support_level,
    contact_type
from ranked
where recency = 1
