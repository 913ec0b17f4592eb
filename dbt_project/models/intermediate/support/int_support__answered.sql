with

app as (
    select * from {{ ref('int_app_users__believing') }} where support_level is not null
)

select
    app.voter_id,
    app.told_on as answered_on,
    app.support_level,
    'app' as contact_type
from app
