with

lines as (
    select * from {{ source('raw', 'field_accounts') }}
)

select
    lines._source as source,
    lines._snapshot_date as snapshot_date,
    lines._file_id as file_id,
    lines._line as line,
    lower({{ cleaned('lines.tool') }}) || ':' || {{ cleaned('lines.account_id') }} as account_key,
    {{ cleaned('lines.node_id') }} as node_id
from lines
