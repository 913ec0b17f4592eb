with

voters as (
    select * from {{ ref('int_voters__counted') }}
),

runs as (
    select * from {{ ref('int_runs__targeted') }}
),

elections as (
    select * from {{ ref('int_elections__numbered') }}
),

households as (
    select * from {{ ref('int_households__voted') }}
),

sources as (
    select * from {{ ref('stg_voter_file__sources') }}
),

zips as (
    select * from {{ ref('int_zips__voted') }}
)

select
    voters.voter_id,
    voters.as_of_date,
    voters.as_of_role,
    voters.source,
    runs.target_election_id,
    runs.target_election_date,
    runs.target_election_kind,
    -- A roll drops in time who is not heard of. Of those silent for longer than that, a later file has but those who voted again: taken
    -- from it into the past, they would teach that the silent vote.
    voters.is_scorable
    and (
        runs.snapshot_date is not null
        or coalesce(
            {{ days_between('elections.election_date', 'runs.told_snapshot_date') }} <= sources.retention_days, false
        )
        or coalesce(
            voters.days_registered + {{ days_between('voters.as_of_date', 'runs.told_snapshot_date') }}
            <= sources.retention_days,
            false
        )
    ) as is_scorable,
    runs.snapshot_date is not null as has_roll,
    voters.household_id,
    voters.status,
    voters.party,
    voters.party_last_voted,
    voters.age,
    -- Time is told up to the election and rounded: 1.99 years since the last one here and 2.01 there would tell the elections apart.
    round({{ ratio(
        '(voters.days_registered + ' ~ days_between('voters.as_of_date', 'runs.target_election_date') ~ ')', '182.625'
    ) }}) / 2 as years_registered,
    voters.sex,
    voters.race,
    voters.ethnicity,
    voters.experiment_arm,
    voters.household_size,
    {{ ratio(
        '(households.general_votes_count - voters.cycle_general_votes_count)',
        '(households.general_elections_count - voters.cycle_general_elections_count)'
    ) }} as household_vote_share,
    voters.presidential_1,
    voters.presidential_2,
    voters.midterm_1,
    voters.midterm_2,
    voters.primary_1,
    voters.primary_2,
    voters.primary_3,
    voters.municipal_1,
    voters.recent_general_votes_count as general_votes_count,
    voters.recent_general_elections_count as general_elections_count,
    {{ ratio('voters.recent_general_votes_count', 'voters.recent_general_elections_count') }} as general_vote_share,
    voters.votes_count,
    voters.elections_count,
    {{ ratio('voters.votes_count', 'voters.elections_count') }} as vote_share,
    voters.cycle_votes_count,
    voters.cycle_elections_count,
    {{ ratio('voters.cycle_votes_count', 'voters.cycle_elections_count') }} as cycle_vote_share,
    {{ ratio('voters.cycle_general_votes_count', 'voters.cycle_general_elections_count') }} as cycle_general_vote_share,
    round({{ ratio(days_between('elections.election_date', 'runs.target_election_date'), '365.25') }})
        as years_since_last_vote,
    {{ ratio('voters.early_count', 'voters.method_known_count') }} as early_share,
    {{ ratio('voters.mail_count', 'voters.method_known_count') }} as mail_share,
    voters.primary_dem_count,
    voters.primary_rep_count,
    voters.county_code,
    voters.zip_code,
    {{ ratio('zips.general_votes_count', 'zips.general_elections_count') }} as zip_vote_share
from voters
inner join runs on voters.source = runs.source and voters.as_of_date = runs.as_of_date
inner join sources on voters.source = sources.source
left join elections on voters.source = elections.source and voters.last_vote_number = elections.election_number
left join households on voters.as_of_date = households.as_of_date and voters.household_id = households.household_id
left join zips on voters.as_of_date = zips.as_of_date and voters.zip_code = zips.zip_code
