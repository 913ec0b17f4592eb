with

votes as (
    select * from {{ ref('stg_voter_file__votes') }}
),

latest as (
    select * from {{ ref('int_snapshots__latest') }}
),

registrations as (
    select * from {{ ref('int_registrations__kept') }}
)

select
    votes.source,
    votes.snapshot_date,
    votes.file_id,
    votes.line,
    votes.voter_id,
    votes.election_date,
    votes.election_type
from votes
inner join latest on votes.source = latest.source and votes.snapshot_date = latest.latest_votes_date
left join registrations on votes.voter_id = registrations.voter_id and registrations.is_latest
where registrations.voter_id is null
