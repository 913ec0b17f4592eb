{{ config(materialized='view') }}

with

effects as (
    select * from {{ source('ops', 'experiment_effects') }}
),

experiments as (
    select * from {{ source('ops', 'experiments') }}
),

checks as (
    select * from {{ source('ops', 'experiment_checks') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
),

ranked as (
    select
        effects.*,
        row_number() over (
            partition by effects.experiment_id, effects.arm order by effects.as_of_date desc
        ) as recency
    from effects
    cross join parameters
    where effects.as_of_date <= parameters.as_of_date
),

-- Whoever was added later was checked together with those before.
known_before as (
    select experiment_id, max(case when verdict = 'hold' then 1 else 0 end) = 1 as has_held_checks
    from checks
    group by experiment_id
),

assignments as (
    select * from {{ source('ops', 'experiment_assignments') }}
),

-- A voter in two arms was treated and left alone at once; without a control arm there is nothing to compare with.
drawn as (
    select
        assignments.experiment_id,
        count(*) > count(distinct assignments.voter_id)
        or max(case when assignments.arm = experiments.control_arm then 1 else 0 end) = 0 as is_broken
    from assignments
    inner join experiments on assignments.experiment_id = experiments.experiment_id
    group by assignments.experiment_id
),

detectable as (
    select
        experiment_id,
        arm,
        value,
        row_number() over (partition by experiment_id, arm order by as_of_date desc, checked_at desc) as recency
    from checks
    where check_name = 'minimum_detectable_effect'
)

select
    ranked.experiment_id,
    ranked.arm,
    experiments.hypothesis,
    experiments.level,
    experiments.outcome_kind,
    experiments.election_date,
    experiments.answers_from_date,
    experiments.answers_until_date,
    ranked.as_of_date as measured_date,
    ranked.control_arm,
    ranked.voters_count,
    ranked.control_voters_count,
    ranked.clusters_count,
    ranked.answered_count,
    ranked.control_answered_count,
    ranked.answered_share,
    ranked.control_answered_share,
    coalesce(ranked.has_uneven_answers, false) as has_uneven_answers,
    ranked.outcome_share,
    ranked.control_outcome_share,
    case when experiments.outcome_kind = 'votes' then ranked.outcome_share end as voted_share,
    case when experiments.outcome_kind = 'votes' then ranked.control_outcome_share end as control_voted_share,
    ranked.effect_share,
    ranked.standard_error as standard_error_share,
    ranked.effect_low_share,
    ranked.effect_high_share,
    detectable.value as detectable_effect_share,
    coalesce(known_before.has_held_checks, false) or coalesce(drawn.is_broken, false) as has_held_checks
from ranked
inner join experiments on ranked.experiment_id = experiments.experiment_id
left join known_before on ranked.experiment_id = known_before.experiment_id
left join drawn on ranked.experiment_id = drawn.experiment_id
left join detectable
    on ranked.experiment_id = detectable.experiment_id and ranked.arm = detectable.arm and detectable.recency = 1
where ranked.recency = 1
