with

voters as (
    select * from {{ ref('int_registrations__kept') }} where is_latest
),

sources as (
    select * from {{ ref('stg_voter_file__sources') }}
),

tonight as (
    select * from {{ ref('int_voters__counted') }} where as_of_role = 'tonight'
),

households as (
    select * from {{ ref('int_households__grouped') }}
),

votes as (
    select * from {{ ref('int_votes__masked') }}
)

select
    voters.voter_id,
    voters.source,
    sources.state_abbr,
    voters.snapshot_date,
    voters.status,
    {{ on_the_roll('voters.status') }} as is_registered,
    voters.registered_date,
    voters.birth_year,
    voters.birth_precision,
    tonight.age,
    voters.sex,
    voters.race,
    voters.ethnicity,
    voters.party,
    voters.county_code,
    voters.county_name,
    voters.zip_code,
    sources.id_prefix || '-' || voters.county_code || '-' || voters.precinct_code as precinct_id,
    voters.precinct_code,
    voters.precinct_name,
    voters.congressional_district,
    voters.state_senate_district,
    voters.state_house_district,
    voters.municipality_name,
    voters.ward_code,
    households.household_id,
    coalesce(votes.votes_count, 0) as votes_count,
    votes.last_vote_date,
    tonight.recent_general_votes_count as general_votes_count,
    tonight.recent_general_elections_count as general_elections_count,
    tonight.is_scorable,
    coalesce(votes.first_vote_date < voters.registered_date, false) as has_vote_before_registration,
    coalesce(votes.first_vote_date < voters.voting_age_date, false) as has_vote_before_voting_age
from voters
inner join sources on voters.source = sources.source
inner join tonight on voters.voter_id = tonight.voter_id
left join households on voters.snapshot_date = households.snapshot_date and voters.home_key = households.home_key
left join votes on voters.voter_id = votes.voter_id
