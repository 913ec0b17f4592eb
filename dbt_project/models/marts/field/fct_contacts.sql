with

contacts as (
    select * from {{ ref('int_contacts__latest') }}
),

voters as (
    select voter_id from {{ ref('dim_voters') }}
),

accounts as (
    select * from {{ ref('int_field_accounts__placed') }}
)

select
    contacts.contact_key,
    contacts.voter_id,
    contacts.source,
    contacts.contact_type,
    contacts.result,
    contacts.result = 'canvassed' as is_conversation,
    contacts.support_level,
    contacts.contacted_at,
    contacts.local_date as contacted_date,
    contacts.local_hour as contacted_hour,
    accounts.node_id,
    coalesce(accounts.node_path, '/unplaced/') as node_path,
    contacts.turf_key,
    contacts.is_repeated,
    contacts.reports_count
from contacts
inner join voters on contacts.voter_id = voters.voter_id
left join accounts on contacts.account_key = accounts.account_key
