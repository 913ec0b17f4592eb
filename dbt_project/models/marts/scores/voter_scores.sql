with

history as (
    select * from {{ ref('voter_score_history') }}
),

predictions as (
    select * from {{ source('scores', 'predictions') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
)

select
    history.voter_id,
    history.as_of_date,
    {{ score_columns('turnout') }},
    {{ score_columns('support') }}
from history
inner join parameters on history.as_of_date = parameters.as_of_date
inner join predictions
    on
        history.voter_id = predictions.voter_id
        and history.score_name = predictions.score_name
        and history.as_of_date = predictions.as_of_date
group by history.voter_id, history.as_of_date
