with

lines as (
    select * from {{ source('raw', 'field_responses') }}
),

survey_question_codes as (
    {{ code_meanings('survey_question') }}
),

survey_answer_codes as (
    {{ code_meanings('survey_answer') }}
)

select
    lines._source as source,
    lines._snapshot_date as snapshot_date,
    lines._file_id as file_id,
    lines._line as line,
    lines.contact_id,
    lines._source || ':' || {{ cleaned('lines.contact_id') }} as contact_key,
    {{ decoded('lines.question_code', 'survey_question_codes.meaning') }} as question,
    {{ decoded('lines.answer_code', 'survey_answer_codes.meaning') }} as answer,
    {{ safe_timestamp('lines.modified_at') }} as modified_at
from lines
left join survey_question_codes on lines._source = survey_question_codes.source and trim(lines.question_code) = survey_question_codes.code
left join survey_answer_codes on lines._source = survey_answer_codes.source and trim(lines.answer_code) = survey_answer_codes.code
