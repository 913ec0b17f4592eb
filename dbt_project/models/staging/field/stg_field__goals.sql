with

lines as (
    select * from {{ source('raw', 'field_goals') }}
),

metric_codes as (
    {{ code_meanings('metric') }}
)

select
    lines._source as source,
    lines._snapshot_date as snapshot_date,
    lines._file_id as file_id,
    lines._line as line,
    {{ decoded('lines.metric_code', 'metric_codes.meaning') }} as metric,
    {{ cleaned('lines.node_id') }} as node_id,
    {{ safe_date('lines.period_start_date') }} as period_start_date,
    {{ safe_date('lines.period_end_date') }} as period_end_date,
    {{ safe_integer('lines.target') }} as target_count,
    {{ cleaned('lines.set_by') }} as set_by,
    {{ safe_timestamp('lines.set_at') }} as set_at
from lines
left join metric_codes on lines._source = metric_codes.source and trim(lines.metric_code) = metric_codes.code
