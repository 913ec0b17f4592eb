{{ config(materialized='view', tags=['scores']) }}

with

scores as (
    select * from {{ ref('voter_scores') }}
),

voters as (
    select * from {{ ref('dim_voters') }}
),

universes as (
    select * from {{ ref('target_universes') }}
),

assignments as (
    select * from {{ ref('fct_experiment_assignments') }} where is_control
),

experiments as (
    select * from {{ source('ops', 'experiments') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
),

-- Whoever treats the control arm of a running experiment will never know what the treatment does.
left_alone as (
    select assignments.voter_id
    from assignments
    inner join experiments on assignments.experiment_id = experiments.experiment_id
    inner join parameters on experiments.analysis_date > parameters.as_of_date
    group by assignments.voter_id
)

select
    universes.universe,
    scores.voter_id,
    scores.as_of_date,
    scores.turnout_score,
    scores.support_score,
    universes.votes_gained_per_hundred,
    universes.cost_per_voter
from scores
inner join voters on scores.voter_id = voters.voter_id
left join left_alone on scores.voter_id = left_alone.voter_id
-- A score that is not known meets no criterion; a criterion that is not set is met by all.
inner join universes
    on
        coalesce(scores.turnout_score >= universes.min_turnout, universes.min_turnout is null)
        and coalesce(scores.turnout_score <= universes.max_turnout, universes.max_turnout is null)
        and coalesce(scores.support_score >= universes.min_support, universes.min_support is null)
        and coalesce(scores.support_score <= universes.max_support, universes.max_support is null)
        and coalesce(scores.gotv_uplift_score >= universes.min_gotv_uplift, universes.min_gotv_uplift is null)
        and coalesce(
            scores.persuasion_uplift_score >= universes.min_persuasion_uplift, universes.min_persuasion_uplift is null
        )
        and coalesce(voters.status = universes.status, universes.status is null)
where left_alone.voter_id is null
