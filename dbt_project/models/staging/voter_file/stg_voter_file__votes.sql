with

votes as (
    select * from {{ source('raw', 'voter_file_votes') }}
),

sources as (
    select * from {{ ref('stg_voter_file__sources') }}
),

voting_method_codes as (
    {{ code_meanings('voting_method') }}
),

party_codes as (
    {{ code_meanings('party') }}
)

select
    votes._source as source,
    votes._snapshot_date as snapshot_date,
    votes._file_id as file_id,
    votes._line as line,
    sources.id_prefix || '-' || {{ cleaned('votes.voter_id') }} as voter_id,
    {{ cleaned('votes.county_code') }} as county_code,
    {{ cleaned('votes.county_voter_id') }} as county_voter_id,
    {{ safe_date('votes.election_date') }} as election_date,
    {{ cleaned('votes.election_name') }} as election_name,
    coalesce(lower({{ cleaned('votes.election_type') }}), 'unknown') as election_type,
    {{ decoded('votes.voting_method_code', 'voting_method_codes.meaning') }} as voting_method,
    {{ decoded('votes.party_code', 'party_codes.meaning') }} as party,
    {{ cleaned('votes.voted_county_code') }} as voted_county_code,
    {{ cleaned('votes.precinct_code') }} as precinct_code
from votes
left join sources on votes._source = sources.source
left join voting_method_codes
    on votes._source = voting_method_codes.source and trim(votes.voting_method_code) = voting_method_codes.code
left join party_codes on votes._source = party_codes.source and trim(votes.party_code) = party_codes.code
