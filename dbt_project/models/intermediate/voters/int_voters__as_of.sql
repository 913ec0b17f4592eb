{{ config(materialized='view') }}

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

-- Who is in the last file before the day, or, where there is none, in the first file at all.
told as (
    select registrations.*, runs.as_of_date, runs.as_of_role, runs.snapshot_date as seen_snapshot_date, voters.is_latest as is_present
    from registrations
    inner join runs on registrations.source = runs.source and registrations.snapshot_date = runs.told_snapshot_date
    inner join voters on registrations.voter_id = voters.voter_id
),

-- Who is known from later files alone.
later as (
    select
        voters.*,
        runs.as_of_date,
        runs.as_of_role,
        cast(null as date) as seen_snapshot_date,
        voters.is_latest as is_present
    from voters
    inner join runs on voters.source = runs.source
    left join registrations
        on
            voters.voter_id = registrations.voter_id
            and runs.source = registrations.source
            and runs.told_snapshot_date = registrations.snapshot_date
    where registrations.voter_id is null
),

known as (
    select * from told
    union all
    select * from later
),

dated as (
    select
        known.*,
        known.seen_snapshot_date is not null as is_seen,
        -- A place in an earlier file proves registration even where the date is masked or was renewed since.
        known.seen_snapshot_date is not null or coalesce(known.registered_date < known.as_of_date, false) as is_registered,
        case
            when known.birth_precision = 'day'
                then {{ years_between(add_years('known.adult_date', -18), 'known.as_of_date') }}
            else cast(extract(year from known.as_of_date) as integer) - known.birth_year
        end as age
    from known
)

-- What can change is known from an earlier file only; what cannot, from any.
select
    dated.voter_id,
    dated.source,
    dated.as_of_date,
    dated.as_of_role,
    -- Outcomes are read from fct_votes, which leaves out who has left the file: without an outcome there is nothing to learn.
    dated.is_present
    and dated.is_registered
    and coalesce(dated.adult_date <= dated.as_of_date, false)
    and (not dated.is_seen or {{ on_the_roll('dated.status') }}) as is_scorable,
    coalesce(households.household_id, dated.voter_id) as household_id,
    households.household_size,
    case when dated.is_seen then dated.status end as status,
    case when dated.is_seen then dated.party end as party,
    case when dated.age between 0 and 115 then dated.age end as age,
    case when dated.registered_date < dated.as_of_date then {{ days_between('dated.registered_date', 'dated.as_of_date') }} end
        as days_registered,
    dated.eligible_from_date,
    dated.sex,
    dated.race,
    dated.ethnicity,
    case when dated.is_seen then dated.experiment_arm end as experiment_arm,
    case when dated.is_seen then dated.county_code end as county_code,
    case when dated.is_seen then dated.zip_code end as zip_code
from dated
left join households
    on dated.voter_id = households.voter_id and dated.seen_snapshot_date = households.snapshot_date
where (dated.as_of_role = 'tonight' and dated.is_present) or (dated.as_of_role = 'training' and dated.is_registered)
