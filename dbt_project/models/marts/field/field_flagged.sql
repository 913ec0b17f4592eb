{{ config(tags=['field_live']) }}

with

flagged as (
    select * from {{ ref('int_accounts__flagged') }}
),

accounts as (
    select * from {{ ref('int_field_accounts__placed') }}
)

select
    flagged.account_key,
    accounts.node_id,
    accounts.node_path,
    flagged.contact_type,
    flagged.local_date,
    flagged.local_hour,
    flagged.attempts_count,
    flagged.verdict
from flagged
inner join accounts on flagged.account_key = accounts.account_key
