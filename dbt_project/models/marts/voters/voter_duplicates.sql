{{ config(materialized='view') }}

with

pairs as (
    select * from {{ source('linkage', 'voter_duplicates') }}
)

-- A view: the pairs are found after the marts are built, and stay while the roll does.
select
    voter_id,
    other_voter_id,
    probability,
    method
from pairs
