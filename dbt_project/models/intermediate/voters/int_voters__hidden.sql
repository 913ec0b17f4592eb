with

registrations as (
    select * from {{ ref('int_registrations__picked') }}
),

departed as (
    select * from {{ ref('int_voters__left') }}
)

select voter_id from registrations where is_latest and is_confidential
union all
select voter_id from departed where is_hidden
