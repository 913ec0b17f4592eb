with

votes as (
    select * from {{ ref('stg_voter_file__votes') }}
),

latest as (
    select * from {{ ref('int_snapshots__latest') }}
),

elections as (
    select * from {{ ref('int_elections__numbered') }}
)

select
    votes.source,
    votes.snapshot_date,
    votes.voter_id,
    cast(count(*) as integer) as lines_count,
    -- Older elections than the numbered ones count as none, so that their voters are looked at too.
    coalesce({{ bits_set('bit_or(elections.election_bit)') }}, 0) as elections_count
from votes
inner join latest on votes.source = latest.source and votes.snapshot_date = latest.latest_votes_date
left join elections
    on
        votes.source = elections.source
        and votes.election_date = elections.election_date
        and votes.election_type = elections.election_type
group by votes.source, votes.snapshot_date, votes.voter_id
