with

history as (
    select * from {{ ref('voter_score_history') }}
),

predictions as (
    select * from {{ source('scores', 'predictions') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
),

hours as (
    select * from {{ ref('int_voters__best_hours') }}
)

select
    history.voter_id,
    history.as_of_date,
    {{ score_columns('turnout') }},
    {{ score_columns('support') }},
    {{ score_columns('contactability') }},
    max(hours.best_hour) as contactability_best_hour,
    {{ uplift_columns('gotv_uplift') }},
    {{ uplift_columns('persuasion_uplift') }}
from history
inner join parameters on history.as_of_date = parameters.as_of_date
inner join predictions
    on
        history.voter_id = predictions.voter_id
        and history.score_name = predictions.score_name
        and history.as_of_date = predictions.as_of_date
left join hours on history.voter_id = hours.voter_id
group by history.voter_id, history.as_of_date
