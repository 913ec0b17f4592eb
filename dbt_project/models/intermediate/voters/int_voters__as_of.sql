{{ config(materialized='view') }}

with

runs as (
    select * from {{ ref('int_runs__targeted') }}
),

registrations as (
    select * from {{ ref('int_registrations__kept') }}
),

later_registrations as (
    select * from {{ ref('int_registrations__kept') }}
),

unseen as (
    select * from {{ ref('int_voters__unseen') }}
),

-- Who is in the last file before the day, or, where there is none, in the first file at all; then who is in later files alone.
known as (
    select registrations.*, runs.as_of_date, runs.as_of_role, runs.snapshot_date is not null as is_seen
    from registrations
    inner join runs on registrations.source = runs.source and registrations.snapshot_date = runs.told_snapshot_date

    union all

    select later_registrations.*, runs.as_of_date, runs.as_of_role, false as is_seen
    from unseen
    inner join runs on unseen.source = runs.source and unseen.unseen_snapshot_date = runs.told_snapshot_date
    inner join later_registrations
        on
            unseen.voter_id = later_registrations.voter_id
            and unseen.known_snapshot_date = later_registrations.snapshot_date
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

-- What can change is known from an earlier file only; what cannot, from any.
select
    voter_id,
    source,
    as_of_date,
    as_of_role,
    -- Outcomes are read from fct_votes, which leaves out who has left the file: without an outcome there is nothing to learn.
    is_present
    and is_registered
    and coalesce(adult_date <= as_of_date, false)
    and (not is_seen or {{ on_the_roll('status') }}) as is_scorable,
    coalesce(case when is_seen then household_id end, voter_id) as household_id,
    case when is_seen then household_size end as household_size,
    case when is_seen then status end as status,
    case when is_seen then party end as party,
    case when age between 0 and 115 then age end as age,
    case when registered_date < as_of_date then {{ days_between('registered_date', 'as_of_date') }} end as days_registered,
    eligible_from_date,
    sex,
    race,
    ethnicity,
    case when is_seen then experiment_arm end as experiment_arm,
    case when is_seen then county_code end as county_code,
    case when is_seen then zip_code end as zip_code
from dated
where (as_of_role = 'tonight' and is_present) or (as_of_role = 'training' and is_registered)
