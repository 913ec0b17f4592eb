{{ config(materialized='view') }}

with

registrations as (
    select * from {{ ref('int_registrations__kept') }}
)

-- Everything after this model is about these voters alone: whoever the latest file marks as confidential ends here.
select *
from registrations
where is_latest and not is_confidential
