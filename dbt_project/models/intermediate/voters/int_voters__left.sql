with

registrations as (
    select * from {{ ref('int_registrations__picked') }}
),

sources as (
    select * from {{ ref('stg_voter_file__sources') }}
),

present as (
    select voter_id from registrations where is_latest
),

gone as (
    select
        registrations.source,
        registrations.voter_id,
        registrations.snapshot_date,
        registrations.is_confidential,
        row_number() over (partition by registrations.voter_id order by registrations.snapshot_date desc) as recency
    from registrations
    left join present on registrations.voter_id = present.voter_id
    where not registrations.is_latest and present.voter_id is null
)

select
    gone.source,
    gone.voter_id,
    gone.snapshot_date,
    -- Where the history comes in the voter file, who left took it along, and how they voted is not known.
    gone.is_confidential or not sources.has_separate_history as is_hidden
from gone
inner join sources on gone.source = sources.source
where gone.recency = 1
