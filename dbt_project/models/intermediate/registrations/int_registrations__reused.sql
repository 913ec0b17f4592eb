with

registrations as (
    select * from {{ ref('stg_voter_file__registrations') }}
),

snapshots as (
    select * from {{ ref('stg_voter_file__snapshots') }}
),

latest as (
    select * from {{ ref('int_snapshots__latest') }}
),

compared as (
    select
        latest.source,
        latest.latest_registrations_date as snapshot_date,
        max(snapshots.snapshot_date) as previous_snapshot_date
    from latest
    inner join snapshots
        on
            latest.source = snapshots.source
            and snapshots.entity = 'registrations'
            and snapshots.snapshot_date < latest.latest_registrations_date
    group by latest.source, latest.latest_registrations_date
),

-- Few birth years change from file to file, so that the names of few have to be looked at.
changed as (
    select compared.source, compared.snapshot_date, compared.previous_snapshot_date, present.voter_id
    from compared
    inner join registrations as present
        on compared.source = present.source and compared.snapshot_date = present.snapshot_date
    inner join registrations as earlier
        on
            compared.source = earlier.source
            and compared.previous_snapshot_date = earlier.snapshot_date
            and present.voter_id = earlier.voter_id
    where present.birth_year <> earlier.birth_year
    group by compared.source, compared.snapshot_date, compared.previous_snapshot_date, present.voter_id
)

select present.source, present.snapshot_date, present.voter_id, present.file_id, present.line
from changed
inner join registrations as present
    on
        changed.source = present.source
        and changed.snapshot_date = present.snapshot_date
        and changed.voter_id = present.voter_id
inner join registrations as earlier
    on
        changed.source = earlier.source
        and changed.previous_snapshot_date = earlier.snapshot_date
        and changed.voter_id = earlier.voter_id
group by present.source, present.snapshot_date, present.voter_id, present.file_id, present.line
-- A name counts as another when neither the first nor the last one stayed: who marries keeps one of them. Where the file before
-- listed the id more than once, none of its lines may be this person.
having
    min(
        case
            when
                present.birth_year <> earlier.birth_year
                and present.last_name <> earlier.last_name
                and present.first_name <> earlier.first_name
                then 1
            else 0
        end
    ) = 1
