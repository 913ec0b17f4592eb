with

contacts as (
    select * from {{ ref('int_contacts__latest') }}
),

voters as (
    select voter_id from {{ ref('dim_voters') }}
),

asked as (
    select
        contacts.voter_id,
        contacts.local_date,
        contacts.result,
        contacts.result in ('refused', 'deceased', 'moved') as is_no_to_visits,
        contacts.result in ('refused', 'deceased', 'stop', 'wrong_number') as is_no_to_calls,
        contacts.result in ('refused', 'deceased', 'stop', 'wrong_number') as is_no_to_texts
    from contacts
    inner join voters on contacts.voter_id = voters.voter_id
    where contacts.result in ('refused', 'deceased', 'moved', 'wrong_number', 'stop')
)

select
    voter_id,
    max(case when is_no_to_visits then 1 else 0 end) = 0 as may_be_visited,
    max(case when is_no_to_calls then 1 else 0 end) = 0 as may_be_called,
    max(case when is_no_to_texts then 1 else 0 end) = 0 as may_be_texted,
    max(case when result = 'deceased' then 1 else 0 end) = 1 as is_reported_deceased,
    min(local_date) as since_date
from asked
group by voter_id
