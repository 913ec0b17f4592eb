{{ config(tags=['field_live']) }}

with

worked as (
    select * from {{ ref('int_nodes__worked') }}
),

nodes as (
    select * from {{ ref('dim_field_nodes') }}
)

select
    worked.node_id,
    nodes.node_path,
    nodes.level,
    worked.metric,
    worked.local_date,
    worked.local_hour,
    worked.is_correction,
    worked.actual_count
from worked
inner join nodes on worked.node_id = nodes.node_id
