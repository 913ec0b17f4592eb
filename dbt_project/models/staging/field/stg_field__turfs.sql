with

lines as (
    select * from {{ source('raw', 'field_turfs') }}
),

sources as (
    select * from {{ source('raw', 'field_sources') }}
),

turf_status_codes as (
    {{ code_meanings('turf_status') }}
)

select
    lines._source as source,
    lines._snapshot_date as snapshot_date,
    lines._file_id as file_id,
    lines._line as line,
    lines._source || ':' || {{ cleaned('lines.turf_id') }} as turf_key,
    lines._source || ':' || {{ cleaned('lines.canvasser_id') }} as account_key,
    upper({{ cleaned('sources.state_abbr') }}) as state_abbr,
    {{ cleaned('lines.county_code') }} as county_code,
    {{ cleaned('lines.precinct_code') }} as precinct_code,
    {{ safe_integer('lines.targets_count') }} as targets_count,
    {{ decoded('lines.turf_status_code', 'turf_status_codes.meaning') }} as status,
    {{ safe_timestamp('lines.checked_out_at') }} as checked_out_at,
    {{ safe_timestamp('lines.completed_at') }} as completed_at
from lines
left join sources on lines._source = sources.source
left join turf_status_codes on lines._source = turf_status_codes.source and trim(lines.turf_status_code) = turf_status_codes.code
