with

lines as (
    select * from {{ source('raw', 'app_users') }}
),

views as (
    select * from {{ ref('political_views') }}
),

religions as (
    select * from {{ ref('religions') }}
)

select
    lines._source as source,
    lines._snapshot_date as snapshot_date,
    lines._file_id as file_id,
    lines._line as line,
    {{ person_key('user_id', 'lines') }} as person_key,
    views.support_level,
    religions.religion,
    {{ safe_timestamp('lines.installed_at') }} as installed_at,
    {{ safe_timestamp('lines.updated_at') }} as updated_at
from lines
left join views on lower({{ cleaned('lines.political_views') }}) = views.words
left join religions on lower({{ cleaned('lines.religion') }}) = religions.words
