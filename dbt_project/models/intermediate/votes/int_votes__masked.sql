with

votes as (
    select voter_id, election_id, election_date, voting_method, party from {{ ref('fct_votes') }}
    union all
    select voter_id, election_id, election_date, voting_method, party from {{ ref('int_votes__left') }}
),

elections as (
    select * from {{ ref('int_elections__numbered') }}
)

select
    votes.voter_id,
    cast(count(*) as integer) as votes_count,
    min(votes.election_date) as first_vote_date,
    max(votes.election_date) as last_vote_date,
    coalesce(bit_or(elections.election_bit), 0) as voted_mask,
    coalesce(bit_or(case when votes.voting_method = 'early' then elections.election_bit end), 0) as early_mask,
    coalesce(bit_or(case when votes.voting_method = 'mail' then elections.election_bit end), 0) as mail_mask,
    coalesce(bit_or(case when votes.voting_method <> 'UNK' then elections.election_bit end), 0) as method_known_mask,
    coalesce(bit_or(case when votes.party = 'democratic' then elections.election_bit end), 0) as democratic_mask,
    coalesce(bit_or(case when votes.party = 'republican' then elections.election_bit end), 0) as republican_mask,
    coalesce(bit_or(case when votes.party = 'unaffiliated' then elections.election_bit end), 0) as unaffiliated_mask,
    coalesce(bit_or(case when votes.party <> 'UNK' then elections.election_bit end), 0) as party_known_mask
from votes
left join elections on votes.election_id = elections.election_id
group by votes.voter_id
