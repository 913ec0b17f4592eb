with

votes as (
    select * from {{ ref('stg_voter_file__votes') }}
),

latest as (
    select * from {{ ref('int_snapshots__latest') }}
)

select votes.source, votes.snapshot_date, votes.voter_id, votes.election_date, votes.election_type, count(*) as lines_count
from votes
inner join latest on votes.source = latest.source and votes.snapshot_date = latest.latest_votes_date
group by votes.source, votes.snapshot_date, votes.voter_id, votes.election_date, votes.election_type
having count(*) > 1
