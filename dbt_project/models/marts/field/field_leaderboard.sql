{{ config(tags=['field_live']) }}

with

latest as (
    select * from {{ ref('field_progress') }} where is_latest and level <> 'state'
),

nodes as (
    select * from {{ ref('dim_field_nodes') }}
),

shares as (
    select
        latest.*,
        nodes.parent_id,
        nodes.node_name,
        {{ ratio('latest.to_date_count', 'latest.target_count') }} as goal_share
    from latest
    inner join nodes on latest.node_id = nodes.node_id
)

select
    node_id,
    node_path,
    level,
    parent_id,
    node_name,
    metric,
    period_start_date,
    period_end_date,
    to_date_count,
    target_count,
    goal_share,
    cast(
        rank() over (
            partition by level, metric, period_start_date order by goal_share desc nulls last, to_date_count desc
        ) as integer
    ) as state_rank,
    cast(
        rank() over (
            partition by level, parent_id, metric, period_start_date
            order by goal_share desc nulls last, to_date_count desc
        ) as integer
    ) as parent_rank,
    cast(count(*) over (partition by level, metric, period_start_date) as integer) as peers_count
from shares
