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
),

app as (
    select * from {{ ref('int_app_actions__counted') }}
)

select
    voters.voter_id,
    voters.as_of_date,
    voters.as_of_role,
    voters.source,
    runs.target_election_id,
    runs.target_election_date,
    runs.target_election_kind,
    -- A roll drops in time who is silent. A later file has of the long silent but those who voted again: they would teach that all do.
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
    {%- for name in ['sex', 'race', 'ethnicity', 'experiment_arm', 'household_size'] %}
    voters.{{ name }},
    {%- endfor %}
    {{ ratio(
        '(households.general_votes_count - voters.cycle_general_votes_count)',
        '(households.general_elections_count - voters.cycle_general_elections_count)'
    ) }} as household_vote_share,
    {%- for election in [
        'presidential_1', 'presidential_2', 'midterm_1', 'midterm_2', 'primary_1', 'primary_2', 'primary_3', 'municipal_1'
    ] %}
    voters.{{ election }},
    {%- endfor %}
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
    {%- for name in ['primary_dem_count', 'primary_rep_count', 'county_code', 'zip_code'] %}
    voters.{{ name }},
    {%- endfor %}
    {{ ratio('zips.general_votes_count', 'zips.general_elections_count') }} as zip_vote_share,
    app.actions_count as app_actions_count,
    app.religion
from voters
inner join runs on voters.source = runs.source and voters.as_of_date = runs.as_of_date
inner join sources on voters.source = sources.source
left join elections on voters.source = elections.source and voters.last_vote_number = elections.election_number
left join households on voters.as_of_date = households.as_of_date and voters.household_id = households.household_id
left join app on voters.as_of_date = app.as_of_date and voters.voter_id = app.voter_id
left join zips on voters.as_of_date = zips.as_of_date and voters.zip_code = zips.zip_code
