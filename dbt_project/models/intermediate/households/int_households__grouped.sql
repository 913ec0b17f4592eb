with

registrations as (
    select * from {{ ref('int_registrations__kept') }}
),

voters as (
    select * from {{ ref('int_voters__listed') }}
),

members as (
    select registrations.source, registrations.snapshot_date, registrations.voter_id, registrations.home_key
    from registrations
    inner join voters on registrations.voter_id = voters.voter_id
    where
        registrations.home_key is not null
        and not registrations.is_confidential
        and {{ on_the_roll('registrations.status') }}
),

homes as (
    select source, snapshot_date, home_key, min(voter_id) as household_id, count(*) as voters_count
    from members
    group by source, snapshot_date, home_key
)

select
    members.source,
    members.snapshot_date,
    members.voter_id,
    homes.household_id,
    cast(homes.voters_count as integer) as household_size
from members
inner join homes
    on
        members.source = homes.source
        and members.snapshot_date = homes.snapshot_date
        and members.home_key = homes.home_key
