with

lines as (
    select * from {{ source('raw', 'field_nodes') }}
),

node_level_codes as (
    {{ code_meanings('node_level') }}
)

select
    lines._source as source,
    lines._snapshot_date as snapshot_date,
    lines._file_id as file_id,
    lines._line as line,
    {{ cleaned('lines.node_id') }} as node_id,
    {{ cleaned('lines.parent_id') }} as parent_id,
    {{ decoded('lines.level_code', 'node_level_codes.meaning') }} as level,
    {{ cleaned('lines.node_name') }} as node_name,
    lower({{ cleaned('lines.login') }}) as login
from lines
left join node_level_codes on lines._source = node_level_codes.source and trim(lines.level_code) = node_level_codes.code
