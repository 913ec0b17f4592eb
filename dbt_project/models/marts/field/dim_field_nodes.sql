{{ config(tags=['field_live']) }}

with

nodes as (
    select * from {{ ref('int_field_nodes__placed') }}
),

volunteers as (
    select parent_id, cast(count(*) as integer) as volunteers_count
    from nodes
    where level = 'volunteer'
    group by parent_id
)

select
    nodes.node_id,
    nodes.parent_id,
    nodes.level,
    coalesce(nodes.node_name, nodes.node_id) as node_name,
    nodes.node_path,
    nodes.is_placed,
    coalesce(volunteers.volunteers_count, 0) as volunteers_count
from nodes
left join volunteers on nodes.node_id = volunteers.parent_id
where nodes.level <> 'volunteer'
