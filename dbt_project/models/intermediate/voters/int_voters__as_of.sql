with

voters as (
    select * from {{ ref('int_voters__listed') }}
),

runs as (
    select * from {{ ref('int_runs__targeted') }}
),

registrations as (
    select * from {{ ref('int_registrations__kept') }}
),

households as (
    select * from {{ ref('int_households__grouped') }}
),

-- What was known of each voter, and for what cannot change the earliest file that tells it.
known as (
    select
        voters.voter_id,
        runs.source,
        runs.as_of_date,
        runs.as_of_role,
        runs.snapshot_date,
        voters.is_latest,
        seen.voter_id is not null as is_seen,
        seen.status,
        seen.party,
        seen.county_code,
        seen.zip_code,
        seen.experiment_arm,
        {{ first_known(['seen', 'fallback', 'voters'], 'registered_date') }},
        {{ first_known(['seen', 'fallback', 'voters'], 'eligible_from_date') }},
        {{ first_known(['seen', 'fallback', 'voters'], 'adult_date') }},
        {{ first_known(['seen', 'fallback', 'voters'], 'birth_year') }},
        {{ first_known(['seen', 'fallback', 'voters'], 'birth_precision') }},
        {{ first_known(['seen', 'fallback', 'voters'], 'sex') }},
        {{ first_known(['seen', 'fallback', 'voters'], 'race') }},
        {{ first_known(['seen', 'fallback', 'voters'], 'ethnicity') }}
    from voters
    inner join runs on voters.source = runs.source
    left join registrations as seen
        on voters.voter_id = seen.voter_id and runs.source = seen.source and runs.snapshot_date = seen.snapshot_date
    left join registrations as fallback
        on
            voters.voter_id = fallback.voter_id
            and runs.source = fallback.source
            and runs.fallback_snapshot_date = fallback.snapshot_date
),

dated as (
    select
        known.*,
        -- A place in an earlier file proves registration even where the date is masked or was renewed since.
        known.is_seen or coalesce(known.registered_date < known.as_of_date, false) as is_registered,
        case
            when known.birth_precision = 'day'
                then {{ years_between(add_years('known.adult_date', -18), 'known.as_of_date') }}
            else cast(extract(year from known.as_of_date) as integer) - known.birth_year
        end as age
    from known
)

select
    dated.voter_id,
    dated.source,
    dated.as_of_date,
    dated.as_of_role,
    -- Outcomes are read from fct_votes, which leaves out who has left the file: without an outcome there is nothing to learn.
    dated.is_latest
    and dated.is_registered
    and coalesce(dated.adult_date <= dated.as_of_date, false)
    and {{ on_the_roll('dated.status') }} as is_scorable,
    coalesce(households.household_id, dated.voter_id) as household_id,
    households.household_size,
    dated.status,
    dated.party,
    case when dated.age between 0 and 115 then dated.age end as age,
    case when dated.registered_date < dated.as_of_date then {{ days_between('dated.registered_date', 'dated.as_of_date') }} end
        as days_registered,
    dated.eligible_from_date,
    dated.sex,
    dated.race,
    dated.ethnicity,
    dated.experiment_arm,
    dated.county_code,
    dated.zip_code
from dated
left join households
    on
        dated.voter_id = households.voter_id
        and dated.source = households.source
        and dated.snapshot_date = households.snapshot_date
where (dated.as_of_role = 'tonight' and dated.is_latest) or (dated.as_of_role = 'training' and dated.is_registered)
