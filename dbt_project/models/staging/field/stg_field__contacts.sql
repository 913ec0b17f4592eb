with

lines as (
    select * from {{ source('raw', 'field_contacts') }}
),

contact_type_codes as (
    {{ code_meanings('contact_type') }}
),

contact_result_codes as (
    {{ code_meanings('contact_result') }}
)

select
    lines._source as source,
    lines._snapshot_date as snapshot_date,
    lines._file_id as file_id,
    lines._line as line,
    lines.contact_id,
    lines._source || ':' || {{ cleaned('lines.contact_id') }} as contact_key,
    lines._source || ':' || {{ cleaned('lines.vendor_id') }} as vendor_key,
    lines._source || ':' || {{ cleaned('lines.canvasser_id') }} as account_key,
    {{ decoded('lines.contact_type_code', 'contact_type_codes.meaning') }} as contact_type,
    {{ decoded('lines.result_code', 'contact_result_codes.meaning') }} as result,
    {{ safe_timestamp('lines.contacted_at') }} as contacted_at,
    {{ safe_date('substr(lines.local_at, 1, 10)') }} as local_date,
    {{ safe_integer('substr(lines.local_at, 12, 2)') }} as local_hour,
    {{ safe_timestamp('lines.modified_at') }} as modified_at,
    lines._source || ':' || {{ cleaned('lines.turf_id') }} as turf_key
from lines
left join contact_type_codes on lines._source = contact_type_codes.source and trim(lines.contact_type_code) = contact_type_codes.code
left join contact_result_codes on lines._source = contact_result_codes.source and trim(lines.result_code) = contact_result_codes.code
