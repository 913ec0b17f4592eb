with

contacts as (
    select * from {{ ref('int_contacts__latest') }}
),

voters as (
    select voter_id from {{ ref('dim_voters') }}
)

select
    contacts.contact_key,
    contacts.source,
    contacts.vendor_key,
    contacts.local_date,
    case when contacts.voter_id is null then 'not in the crosswalk' else 'not on the voter file' end as reason
from contacts
left join voters on contacts.voter_id = voters.voter_id
where voters.voter_id is null
