with

contacts as (
    select * from {{ ref('int_contacts__latest') }}
    where not is_repeated and contact_type in ('door', 'call') and local_date is not null
),

voters as (
    select voter_id from {{ ref('dim_voters') }}
)

-- Who refuses or asks for another time has answered; a note at the door or a message on a machine has reached nobody.
select
    contacts.contact_key,
    contacts.voter_id,
    contacts.local_date as attempted_on,
    contacts.local_hour,
    contacts.contact_type,
    cast(
        case when contacts.result in ('canvassed', 'refused', 'come_back', 'language', 'stop') then 1 else 0 end as smallint
    ) as is_reached
from contacts
inner join voters on contacts.voter_id = voters.voter_id
