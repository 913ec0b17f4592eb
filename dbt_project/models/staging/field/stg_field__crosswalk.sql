with

lines as (
    select * from {{ source('raw', 'field_crosswalk') }}
),

sources as (
    select
        source,
        upper(trim(coalesce(state_abbr, source))) as id_prefix
    from {{ source('raw', 'field_sources') }}
)

select
    lines._source as source,
    lines._snapshot_date as snapshot_date,
    lines._file_id as file_id,
    lines._line as line,
    lines._source || ':' || {{ cleaned('lines.vendor_id') }} as vendor_key,
    sources.id_prefix || '-' || {{ cleaned('lines.voter_id') }} as voter_id
from lines
inner join sources on lines._source = sources.source
