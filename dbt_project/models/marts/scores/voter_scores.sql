with

shown as (
    select * from {{ ref('int_scores__shown') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
),

hours as (
    select * from {{ ref('int_voters__best_hours') }}
)

select
    shown.voter_id,
    shown.as_of_date,
    {{ score_columns('turnout') }},
    {{ score_columns('support') }},
    {{ score_columns('contactability') }},
    max(hours.best_hour) as contactability_best_hour,
    {{ uplift_columns('gotv_uplift') }},
    {{ uplift_columns('persuasion_uplift') }}
from shown
inner join parameters on shown.as_of_date = parameters.as_of_date
left join hours on shown.voter_id = hours.voter_id
group by shown.voter_id, shown.as_of_date
