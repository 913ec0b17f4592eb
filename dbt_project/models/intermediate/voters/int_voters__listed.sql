{{ config(materialized='view') }}

with

registrations as (
    select * from {{ ref('int_registrations__kept') }}
),

departed as (
    select * from {{ ref('int_voters__left') }}
)

-- Everything after this model is about these voters alone: whoever the latest file marks as confidential ends here.
select * from registrations where is_latest and not is_confidential
union all
select * from departed where not is_confidential
