with

lines as (
    select * from {{ source('raw', 'field_shifts') }}
),

shift_status_codes as (
    {{ code_meanings('shift_status') }}
)

select
    lines._source as source,
    lines._snapshot_date as snapshot_date,
    lines._file_id as file_id,
    lines._line as line,
    lines._source || ':' || {{ cleaned('lines.shift_id') }} as shift_key,
    lines._source || ':' || {{ cleaned('lines.volunteer_id') }} as account_key,
    lines._source || ':' || {{ cleaned('lines.event_id') }} as event_key,
    lower({{ cleaned('lines.event_type') }}) as event_type,
    {{ decoded('lines.shift_status_code', 'shift_status_codes.meaning') }} as status,
    {{ safe_timestamp('lines.start_at') }} as start_at,
    {{ safe_timestamp('lines.end_at') }} as end_at,
    {{ safe_date('substr(lines.local_start_at, 1, 10)') }} as local_date,
    {{ safe_integer('substr(lines.local_start_at, 12, 2)') }} as local_hour,
    {{ safe_timestamp('lines.modified_at') }} as modified_at
from lines
left join shift_status_codes on lines._source = shift_status_codes.source and trim(lines.shift_status_code) = shift_status_codes.code
