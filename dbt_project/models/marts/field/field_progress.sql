{{ config(tags=['field_live']) }}

with

parameters as (
    select as_of_date from {{ source('ops', 'run_parameters') }}
),

days as (
    select
        node_id,
        metric,
        local_date,
        sum(case when is_correction then 0 else actual_count end) as actual_count,
        sum(case when is_correction then actual_count else 0 end) as correction_count
    from {{ ref('field_hours') }}
    group by node_id, metric, local_date
),

goals as (
    select goals.*, least(goals.period_end_date, parameters.as_of_date) as shown_until_date
    from {{ ref('field_goals') }} as goals
    cross join parameters
    where goals.level <> 'volunteer' and goals.period_start_date <= parameters.as_of_date
),

-- Every day on which anything was done anywhere, and tonight: a day without work is a point on the line, too.
calendar as (
    select distinct days.local_date as progress_date from days
    union
    select as_of_date as progress_date from parameters
),

points as (
    select goals.*, calendar.progress_date
    from goals
    inner join calendar on calendar.progress_date between goals.period_start_date and goals.shown_until_date
),

summed as (
    select
        points.*,
        coalesce(days.actual_count, 0) as actual_count,
        coalesce(days.correction_count, 0) as correction_count,
        sum(coalesce(days.actual_count + days.correction_count, 0)) over (
            partition by points.node_id, points.metric, points.period_start_date
            order by points.progress_date
            rows between unbounded preceding and current row
        ) as to_date_count,
        max(points.progress_date) over (partition by points.node_id, points.metric, points.period_start_date)
            as latest_date,
        {{ days_between('points.period_start_date', 'points.progress_date') }} + 1 as days_elapsed,
        {{ days_between('points.period_start_date', 'points.period_end_date') }} + 1 as days_in_period
    from points
    left join days
        on
            points.node_id = days.node_id
            and points.metric = days.metric
            and points.progress_date = days.local_date
)

select
    node_id,
    node_path,
    level,
    metric,
    period_start_date,
    period_end_date,
    progress_date,
    progress_date = latest_date as is_latest,
    cast(actual_count as integer) as actual_count,
    cast(correction_count as integer) as correction_count,
    cast(to_date_count as integer) as to_date_count,
    target_count,
    {{ ratio('target_count * days_elapsed', 'days_in_period') }} as expected_count,
    {{ ratio('to_date_count * days_in_period', 'target_count * days_elapsed') }} as pace_share,
    cast(days_in_period - days_elapsed as integer) as days_left,
    {{ ratio('greatest(target_count - to_date_count, 0)', 'days_in_period - days_elapsed') }} as needed_per_day
from summed
