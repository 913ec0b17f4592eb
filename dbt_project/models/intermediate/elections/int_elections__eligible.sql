with

registrations as (
    select * from {{ ref('int_registrations__kept') }}
),

elections as (
    select * from {{ ref('int_elections__numbered') }}
),

start_dates as (
    select source, eligible_from_date
    from registrations
    where eligible_from_date is not null
    group by source, eligible_from_date
)

select
    start_dates.source,
    start_dates.eligible_from_date,
    bit_or(elections.election_bit) as eligible_mask
from start_dates
inner join elections
    on start_dates.source = elections.source and start_dates.eligible_from_date <= elections.election_date
group by start_dates.source, start_dates.eligible_from_date
