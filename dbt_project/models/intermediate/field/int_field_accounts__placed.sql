{{ config(materialized='view', tags=['field_live']) }}

with

accounts as (
    select
        account_key,
        node_id,
        row_number() over (partition by account_key order by snapshot_date desc, file_id desc, line desc) as recency
    from {{ ref('stg_field__accounts') }}
),

nodes as (
    select * from {{ ref('int_field_nodes__placed') }}
)

select
    accounts.account_key,
    accounts.node_id,
    nodes.node_path,
    nodes.is_placed
from accounts
inner join nodes on accounts.node_id = nodes.node_id
where accounts.recency = 1
