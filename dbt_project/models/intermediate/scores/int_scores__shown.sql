{{ config(materialized='view') }}

with

predictions as (
    select * from {{ source('scores', 'predictions') }}
),

voters as (
    select * from {{ ref('dim_voters') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
)

-- Past scores of a voter who is confidential now, or has left the file, are taken back with the voter.
select
    predictions.voter_id,
    predictions.score_name,
    predictions.as_of_date,
    predictions.score_raw,
    predictions.score,
    predictions.model_version,
    predictions.reason_1,
    predictions.reason_2,
    predictions.reason_3
from predictions
inner join voters on predictions.voter_id = voters.voter_id
cross join parameters
where predictions.as_of_date <= parameters.as_of_date
