with

lines as (
    select * from {{ source('raw', 'field_notes') }}
),

note_kind_codes as (
    {{ code_meanings('note_kind') }}
)

select
    lines._source as source,
    lines._snapshot_date as snapshot_date,
    lines._file_id as file_id,
    lines._line as line,
    lines._source || ':' || {{ cleaned('lines.note_id') }} as note_key,
    {{ cleaned('lines.node_id') }} as node_id,
    {{ decoded('lines.note_kind_code', 'note_kind_codes.meaning') }} as kind,
    {{ safe_timestamp('lines.written_at') }} as written_at,
    {{ safe_date('substr(lines.local_at, 1, 10)') }} as local_date,
    {{ safe_integer('substr(lines.local_at, 12, 2)') }} as local_hour,
    {{ cleaned('lines.body') }} as body
from lines
left join note_kind_codes on lines._source = note_kind_codes.source and trim(lines.note_kind_code) = note_kind_codes.code
