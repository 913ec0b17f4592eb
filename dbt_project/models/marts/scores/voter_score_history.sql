with

shown as (
    select * from {{ ref('int_scores__shown') }}
)

select
    voter_id,
    score_name,
    as_of_date,
    score_raw,
    score,
    model_version
from shown
