{{ config(tags=['field_live']) }}

with

worked as (
    select worked.*
    from {{ ref('int_accounts__worked') }} as worked
    left join {{ ref('int_accounts__flagged') }} as flagged
        on
            worked.account_key = flagged.account_key
            and worked.contact_type = flagged.contact_type
            and worked.local_date = flagged.local_date
            and worked.local_hour = flagged.local_hour
    where coalesce(flagged.verdict, 'count') = 'count'
),

by_metric as (
    select account_key, contact_type || 's' as metric, local_date, local_hour, is_correction, attempts_count as amount
    from worked
    union all
    select account_key, 'conversations' as metric, local_date, local_hour, is_correction, conversations_count as amount
    from worked
    union all
    select account_key, 'support_ids' as metric, local_date, local_hour, is_correction, support_ids_count as amount
    from worked
    union all
    select account_key, 'shifts' as metric, local_date, local_hour, false as is_correction, 1 as amount
    from {{ ref('int_shifts__latest') }}
    where status = 'attended'
),

-- Summed for each person first: a state has few people and many hours.
by_person as (
    select
        accounts.node_path,
        by_metric.metric,
        by_metric.local_date,
        by_metric.local_hour,
        by_metric.is_correction,
        sum(by_metric.amount) as amount
    from by_metric
    inner join {{ ref('int_field_accounts__placed') }} as accounts on by_metric.account_key = accounts.account_key
    where accounts.is_placed
    group by
        accounts.node_path, by_metric.metric, by_metric.local_date, by_metric.local_hour, by_metric.is_correction
),

nodes as (
    select * from {{ ref('int_field_nodes__placed') }} where is_placed and level <> 'volunteer'
),

above as (
    select distinct by_person.node_path as path_below, nodes.node_id
    from (select distinct node_path from by_person) as by_person
    inner join nodes on substr(by_person.node_path, 1, length(nodes.node_path)) = nodes.node_path
)

select
    above.node_id,
    by_person.metric,
    by_person.local_date,
    by_person.local_hour,
    by_person.is_correction,
    cast(sum(by_person.amount) as integer) as actual_count
from by_person
inner join above on by_person.node_path = above.path_below
group by above.node_id, by_person.metric, by_person.local_date, by_person.local_hour, by_person.is_correction
having sum(by_person.amount) <> 0
