{{ config(materialized='view') }}

with

assignments as (
    select * from {{ source('ops', 'experiment_assignments') }}
),

experiments as (
    select * from {{ source('ops', 'experiments') }}
),

voters as (
    select * from {{ ref('dim_voters') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
)

-- Who is confidential now, or has left the file, is taken back with the voter; the ledger keeps her arm.
select
    assignments.experiment_id,
    assignments.voter_id,
    assignments.arm,
    assignments.arm = experiments.control_arm as is_control,
    assignments.stratum,
    assignments.assigned_as_of_date as assigned_date
from assignments
inner join experiments on assignments.experiment_id = experiments.experiment_id
inner join voters on assignments.voter_id = voters.voter_id
cross join parameters
where assignments.assigned_as_of_date <= parameters.as_of_date
