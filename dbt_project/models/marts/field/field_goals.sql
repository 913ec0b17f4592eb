{{ config(tags=['field_live']) }}

with

goals as (
    select * from {{ ref('stg_field__goals') }}
),

nodes as (
    select * from {{ ref('int_field_nodes__placed') }}
),

ranked as (
    select
        goals.*,
        row_number() over (
            partition by goals.metric, goals.node_id, goals.period_start_date
            order by goals.set_at desc nulls last, goals.snapshot_date desc, goals.file_id desc, goals.line desc
        ) as recency
    from goals
)

select
    ranked.node_id,
    nodes.node_path,
    nodes.level,
    ranked.metric,
    ranked.period_start_date,
    ranked.period_end_date,
    ranked.target_count,
    ranked.set_by,
    ranked.set_at
from ranked
inner join nodes on ranked.node_id = nodes.node_id
where ranked.recency = 1
