with

votes as (
    select * from {{ ref('stg_voter_file__votes') }}
),

tallied as (
    select * from {{ ref('int_votes__tallied') }} where lines_count > elections_count
),

ranked as (
    select
        votes.source,
        votes.snapshot_date,
        votes.voter_id,
        votes.election_date,
        votes.election_type,
        votes.file_id,
        votes.line,
        count(*) over (
            partition by votes.source, votes.voter_id, votes.election_date, votes.election_type
        ) as lines_count,
        -- A known method says more than none or an unknown one; a provisional ballot is only a first attempt; then file order.
        row_number() over (
            partition by votes.source, votes.voter_id, votes.election_date, votes.election_type
            order by
                case coalesce(votes.voting_method, 'UNK') when 'UNK' then 2 when 'provisional' then 1 else 0 end,
                votes.file_id,
                votes.line
        ) as preference
    from votes
    inner join tallied
        on
            votes.source = tallied.source
            and votes.snapshot_date = tallied.snapshot_date
            and votes.voter_id = tallied.voter_id
)

select
    source,
    snapshot_date,
    voter_id,
    election_date,
    election_type,
    file_id,
    line,
    preference = 1 as is_kept
from ranked
where lines_count > 1
