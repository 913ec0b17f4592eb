with

elections as (
    select * from {{ ref('int_elections__listed') }}
),

votes as (
    select * from {{ ref('fct_votes') }}
),

counted as (
    select election_id, cast(count(*) as integer) as votes_count
    from votes
    group by election_id
)

select
    elections.election_id,
    elections.source,
    elections.election_date,
    elections.election_type,
    elections.election_kind,
    elections.election_name,
    elections.history_complete_date,
    elections.is_history_complete,
    coalesce(counted.votes_count, 0) as votes_count,
    elections.is_upcoming
from elections
left join counted on elections.election_id = counted.election_id
