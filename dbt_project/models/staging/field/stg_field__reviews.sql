with

lines as (
    select * from {{ source('raw', 'field_reviews') }}
),

review_verdict_codes as (
    {{ code_meanings('review_verdict') }}
)

select
    lines._source as source,
    lines._snapshot_date as snapshot_date,
    lines._file_id as file_id,
    lines._line as line,
    lower({{ cleaned('lines.tool') }}) || ':' || {{ cleaned('lines.account_id') }} as account_key,
    {{ safe_date('lines.worked_date') }} as worked_date,
    {{ decoded('lines.verdict_code', 'review_verdict_codes.meaning') }} as verdict,
    {{ cleaned('lines.reviewed_by') }} as reviewed_by
from lines
left join review_verdict_codes on lines._source = review_verdict_codes.source and trim(lines.verdict_code) = review_verdict_codes.code
