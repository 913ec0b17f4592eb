{{ config(materialized='view') }}

with

votes as (
    select * from {{ ref('stg_voter_file__votes') }}
),

latest as (
    select * from {{ ref('int_snapshots__latest') }}
),

registrations as (
    select * from {{ ref('int_registrations__kept') }}
),

departed as (
    select * from {{ ref('int_voters__left') }}
),

voters as (
    select voter_id, true as is_present from registrations where is_latest
    union all
    select voter_id, false as is_present from departed where not is_hidden
),

elections as (
    select * from {{ ref('int_elections__listed') }}
),

repeated as (
    select * from {{ ref('int_votes__repeated') }}
)

select
    voters.voter_id,
    voters.is_present,
    elections.election_id,
    elections.election_date,
    elections.election_kind,
    votes.voting_method,
    votes.party,
    votes.voted_county_code as county_code,
    repeated.file_id is not null as is_repeated
from votes
inner join latest on votes.source = latest.source and votes.snapshot_date = latest.latest_votes_date
inner join voters on votes.voter_id = voters.voter_id
inner join elections
    on
        votes.source = elections.source
        and votes.election_date = elections.election_date
        and votes.election_type = elections.election_type
left join repeated
    on
        votes.file_id = repeated.file_id
        and votes.line = repeated.line
        and votes.election_date = repeated.election_date
        and votes.election_type = repeated.election_type
where not elections.is_upcoming and (repeated.file_id is null or repeated.is_kept)
