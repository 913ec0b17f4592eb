with

history as (
    select * from {{ ref('voter_score_history') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
)

select
    history.voter_id,
    history.as_of_date,
    {{ score_columns('turnout') }}
from history
inner join parameters on history.as_of_date = parameters.as_of_date
group by history.voter_id, history.as_of_date
