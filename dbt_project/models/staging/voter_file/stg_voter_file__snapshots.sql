with

registrations as (
    select * from {{ source('raw', 'voter_file_registrations') }}
),

votes as (
    select * from {{ source('raw', 'voter_file_votes') }}
)

select
    'registrations' as entity,
    _source as source,
    _snapshot_date as snapshot_date
from registrations
group by _source, _snapshot_date

union all

select
    'votes' as entity,
    _source as source,
    _snapshot_date as snapshot_date
from votes
group by _source, _snapshot_date
