{{ config(tags=['asks']) }}

with

friends as (
    select * from {{ ref('int_friends__linked') }}
),

tonight as (
    select * from {{ ref('feat_voters') }} where as_of_role = 'tonight'
),

scores as (
    select * from {{ ref('voter_scores') }}
),

-- What can be asked of whom. Early voting ends on the Saturday before the day; registration is checked until 25 days before it.
possible as (
    select
        friends.person_key,
        friends.voter_id,
        tonight.as_of_date,
        case
            when tonight.status = 'inactive' and tonight.as_of_date < {{ add_days('tonight.target_election_date', -25) }}
                then 'register'
            when tonight.early_share >= 0.5 and tonight.as_of_date < {{ add_days('tonight.target_election_date', -3) }}
                then 'vote_early'
            else 'vote'
        end as ask,
        tonight.target_election_date,
        -- A word from a friend moves who is undecided about going: nearest to a coin's toss first.
        scores.turnout_score * (100 - scores.turnout_score) as closeness
    from friends
    inner join tonight on friends.voter_id = tonight.voter_id
    inner join scores on friends.voter_id = scores.voter_id
    where tonight.is_scorable and tonight.as_of_date < tonight.target_election_date
),

ranked as (
    select
        possible.*,
        row_number() over (
            partition by possible.person_key order by possible.closeness desc, possible.voter_id asc
        ) as ask_rank
    from possible
)

-- The reason says nothing about the friend that the asking user does not know already.
select
    person_key,
    voter_id,
    as_of_date,
    ask,
    cast(ask_rank as integer) as ask_rank,
    case ask
        when 'register' then 'It takes two minutes to check that one is registered at the right address.'
        when 'vote_early' then 'Voting early is easy to put off; a reminder from a friend helps.'
        else 'People vote when a friend asks them to. Ask how and when they will go.'
    end as reason,
    case ask
        when 'register' then {{ add_days('target_election_date', -25) }}
        when 'vote_early' then {{ add_days('target_election_date', -3) }}
        else target_election_date
    end as expires_date
from ranked
where ask_rank <= 5
