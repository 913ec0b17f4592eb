with

app as (
    select * from {{ ref('int_app_users__believing') }} where support_level is not null
),

canvass as (
    select * from {{ ref('int_canvass__support_answers') }}
)

select
    app.voter_id,
    app.told_on as answered_on,
    app.support_level,
    'app' as contact_type
from app

union all

select
    canvass.voter_id,
    canvass.answered_on,
    canvass.support_level,
    canvass.contact_type
from canvass
