with

votes as (
    select * from {{ ref('stg_voter_file__votes') }}
),

declared as (
    select * from {{ ref('stg_voter_file__elections') }}
),

federal as (
    select * from {{ ref('federal_elections') }}
),

sources as (
    select * from {{ ref('stg_voter_file__sources') }}
),

latest as (
    select * from {{ ref('int_snapshots__latest') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
),

mentioned as (
    select votes.source, votes.election_date, votes.election_type, min(votes.election_name) as election_name, 1 as is_voted
    from votes
    inner join latest on votes.source = latest.source and votes.snapshot_date = latest.latest_votes_date
    where votes.election_date is not null
    group by votes.source, votes.election_date, votes.election_type

    union all

    select source, election_date, election_type, election_name, 0 as is_voted
    from declared

    union all

    select latest.source, federal.election_date, 'general' as election_type, {{ as_text('null') }} as election_name, 0 as is_voted
    from federal
    cross join parameters
    cross join latest
    where federal.election_date >= parameters.as_of_date
),

known as (
    select source, election_date, election_type, min(election_name) as election_name, max(is_voted) = 1 as has_votes
    from mentioned
    group by source, election_date, election_type
)

select
    lower(sources.id_prefix) || '-' || {{ as_text('known.election_date') }} || '-' || known.election_type
        as election_id,
    known.source,
    known.election_date,
    known.election_type,
    case
        when known.election_type in ('primary', 'runoff', 'municipal') then known.election_type
        when known.election_type <> 'general' then 'special'
        when federal.election_kind is not null then federal.election_kind
        -- Generals of other days are local ones, except in years that the calendar of federal elections does not reach.
        when extract(month from known.election_date) <> 11 then 'special'
        when extract(year from known.election_date) % 2 = 1 then 'municipal'
        when extract(year from known.election_date) % 4 = 0 then 'presidential'
        else 'midterm'
    end as election_kind,
    coalesce(known.election_name, {{ as_text('known.election_date') }} || ' ' || known.election_type)
        as election_name,
    {{ add_days('known.election_date', 'sources.history_lag_days') }} as history_complete_date,
    -- Complete as the night knows it: there are votes, in a file that was taken after the lag, of a time that the history covers.
    known.has_votes
    and known.election_date < parameters.as_of_date
    and {{ add_days('known.election_date', 'sources.history_lag_days') }} <= latest.latest_votes_date
    and known.election_date >= coalesce(sources.history_start_date, known.election_date) as is_history_complete,
    known.election_date >= parameters.as_of_date as is_upcoming
from known
inner join sources on known.source = sources.source
inner join latest on known.source = latest.source
cross join parameters
left join federal on known.election_date = federal.election_date and known.election_type = 'general'
