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

households as (
    select * from {{ ref('int_households__grouped') }}
),

-- Who is in the last file before the day. Where there is none: who is in the first file at all, then who is in later files alone.
known as (
    select registrations.*, runs.as_of_date, runs.as_of_role, runs.snapshot_date as seen_snapshot_date
    from registrations
    inner join runs on registrations.source = runs.source and registrations.snapshot_date = runs.told_snapshot_date

    union all

    select later_registrations.*, runs.as_of_date, runs.as_of_role, cast(null as date) as seen_snapshot_date
    from unseen
    inner join runs
        on
            unseen.source = runs.source
            and unseen.unseen_snapshot_date = runs.told_snapshot_date
            and runs.snapshot_date is null
    inner join later_registrations
        on
            unseen.voter_id = later_registrations.voter_id
            and unseen.known_snapshot_date = later_registrations.snapshot_date
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
    -- Who has left the file since stays: training on those who remained would teach that everyone votes.
    dated.is_registered
    and coalesce(dated.adult_date <= dated.as_of_date, false)
    and case when dated.is_seen then {{ on_the_roll('dated.status') }} else coalesce(dated.status, '') <> 'denied' end
        as is_scorable,
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
left join households on dated.seen_snapshot_date = households.snapshot_date and dated.home_key = households.home_key
where (dated.as_of_role = 'tonight' and dated.is_present) or (dated.as_of_role = 'training' and dated.is_registered)
