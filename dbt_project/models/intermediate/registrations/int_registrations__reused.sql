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
)

-- A name counts as another when neither the first nor the last one stayed: who marries keeps one of them. Grouping makes one row of
-- a line whose id the file before lists more than once.
select present.source, present.snapshot_date, present.voter_id, present.file_id, present.line
from compared
inner join registrations as present
    on compared.source = present.source and compared.snapshot_date = present.snapshot_date
inner join registrations as earlier
    on
        compared.source = earlier.source
        and compared.previous_snapshot_date = earlier.snapshot_date
        and present.voter_id = earlier.voter_id
where
    present.birth_year <> earlier.birth_year
    and present.last_name <> earlier.last_name
    and present.first_name <> earlier.first_name
group by present.source, present.snapshot_date, present.voter_id, present.file_id, present.line
