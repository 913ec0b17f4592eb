with

registrations as (
    select * from {{ ref('int_registrations__kept') }}
),

sources as (
    select * from {{ ref('stg_voter_file__sources') }}
),

ranked as (
    select
        *,
        row_number() over (partition by voter_id order by snapshot_date desc) as recency
    from registrations
)

-- Everything after this model is about these voters alone: whoever the latest file marks as confidential ends here. Who has left
-- the file since is kept for past elections: training only on those who stayed would teach that everyone votes. That needs a history
-- in a file of its own; where it comes in the voter file, who left took the history along, and the outcome is not known.
select ranked.*
from ranked
inner join sources on ranked.source = sources.source
where
    ranked.recency = 1
    and not ranked.is_confidential
    and (ranked.is_latest or sources.has_separate_history)
