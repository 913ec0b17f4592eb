{{ config(tags=['field_live']) }}

with

nodes as (
    select * from {{ ref('stg_field__nodes') }}
),

newest as (
    select max(snapshot_date) as snapshot_date from nodes
),

ranked as (
    select
        nodes.*,
        row_number() over (partition by nodes.node_id order by nodes.file_id desc, nodes.line desc) as recency
    from nodes
    inner join newest on nodes.snapshot_date = newest.snapshot_date
),

latest as (
    select * from ranked where recency = 1
),

-- Five steps up reach the state from anywhere; who needs a sixth goes in a circle.
chains as (
    select
        n0.node_id,
        n0.parent_id,
        n0.level,
        n0.node_name,
        n0.login,
        n1.level as parent_level,
        coalesce(n5.node_id || '/', '') || coalesce(n4.node_id || '/', '') || coalesce(n3.node_id || '/', '')
        || coalesce(n2.node_id || '/', '') || coalesce(n1.node_id || '/', '') || n0.node_id || '/' as chain,
        case
            when n5.node_id is not null then n5.level = 'state' and n5.parent_id is null
            when n4.node_id is not null then n4.level = 'state' and n4.parent_id is null
            when n3.node_id is not null then n3.level = 'state' and n3.parent_id is null
            when n2.node_id is not null then n2.level = 'state' and n2.parent_id is null
            when n1.node_id is not null then n1.level = 'state' and n1.parent_id is null
            else n0.level = 'state' and n0.parent_id is null
        end as has_state
    from latest as n0
    left join latest as n1 on n0.parent_id = n1.node_id
    left join latest as n2 on n1.parent_id = n2.node_id
    left join latest as n3 on n2.parent_id = n3.node_id
    left join latest as n4 on n3.parent_id = n4.node_id
    left join latest as n5 on n4.parent_id = n5.node_id
),

judged as (
    select
        *,
        has_state
        and coalesce(
            case level
                when 'region' then parent_level = 'state'
                when 'team' then parent_level = 'region'
                when 'organizer' then parent_level = 'team'
                when 'volunteer' then parent_level = 'organizer'
                else true
            end,
            false
        ) as is_placed
    from chains
)

select
    node_id,
    parent_id,
    level,
    node_name,
    login,
    is_placed,
    case when is_placed then '/' || chain else '/unplaced/' || node_id || '/' end as node_path
from judged
