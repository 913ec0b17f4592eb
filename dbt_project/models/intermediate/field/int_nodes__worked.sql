{{ config(tags=['field_live']) }}

with

nodes as (
    select * from {{ ref('int_field_nodes__placed') }} where is_placed and level <> 'volunteer'
),

-- Whose work it is: a volunteer's is her organizer's.
owners as (
    select accounts.account_key, coalesce(nodes.node_id, volunteers.parent_id) as node_id
    from {{ ref('int_field_accounts__placed') }} as accounts
    left join nodes on accounts.node_id = nodes.node_id
    left join {{ ref('int_field_nodes__placed') }} as volunteers on accounts.node_id = volunteers.node_id
    where accounts.is_placed
),

worked as (
    select
        owners.node_id,
        worked.contact_type,
        worked.local_date,
        worked.local_hour,
        worked.is_correction,
        sum(worked.attempts_count) as attempts_count,
        sum(worked.conversations_count) as conversations_count,
        sum(worked.support_ids_count) as support_ids_count
    from {{ ref('int_accounts__worked') }} as worked
    inner join owners on worked.account_key = owners.account_key
    left join {{ ref('int_accounts__flagged') }} as flagged
        on
            worked.account_key = flagged.account_key
            and worked.contact_type = flagged.contact_type
            and worked.local_date = flagged.local_date
            and worked.local_hour = flagged.local_hour
    where coalesce(flagged.verdict, 'count') = 'count'
    group by owners.node_id, worked.contact_type, worked.local_date, worked.local_hour, worked.is_correction
),

shifts as (
    select owners.node_id, shifts.local_date, shifts.local_hour, count(*) as shifts_count
    from {{ ref('int_shifts__latest') }} as shifts
    inner join owners on shifts.account_key = owners.account_key
    where shifts.status = 'attended'
    group by owners.node_id, shifts.local_date, shifts.local_hour
),

by_metric as (
    select node_id, contact_type || 's' as metric, local_date, local_hour, is_correction, attempts_count as amount
    from worked
    union all
    select node_id, 'conversations' as metric, local_date, local_hour, is_correction, conversations_count as amount
    from worked
    union all
    select node_id, 'support_ids' as metric, local_date, local_hour, is_correction, support_ids_count as amount
    from worked
    union all
    select node_id, 'shifts' as metric, local_date, local_hour, false as is_correction, shifts_count as amount
    from shifts
),

above as (
    select below.node_id as node_below, nodes.node_id
    from nodes as below
    inner join nodes on substr(below.node_path, 1, length(nodes.node_path)) = nodes.node_path
)

select
    above.node_id,
    by_metric.metric,
    by_metric.local_date,
    by_metric.local_hour,
    by_metric.is_correction,
    cast(sum(by_metric.amount) as integer) as actual_count
from by_metric
inner join above on by_metric.node_id = above.node_below
where by_metric.amount <> 0
group by above.node_id, by_metric.metric, by_metric.local_date, by_metric.local_hour, by_metric.is_correction
having sum(by_metric.amount) <> 0
