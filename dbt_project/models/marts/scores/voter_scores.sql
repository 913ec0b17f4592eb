with

history as (
    select * from {{ ref('voter_score_history') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
)

select
    history.voter_id,
    history.as_of_date
    {%- for score in scores_in_contract() %},
    max(case when history.score_name = '{{ score }}' then history.score end) as {{ score }}_score,
    max(case when history.score_name = '{{ score }}' then history.model_version end) as {{ score }}_model_version
    {%- endfor %}
from history
inner join parameters on history.as_of_date = parameters.as_of_date
group by history.voter_id, history.as_of_date
