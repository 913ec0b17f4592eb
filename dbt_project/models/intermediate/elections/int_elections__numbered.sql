with

elections as (
    select * from {{ ref('int_elections__listed') }}
),

past as (
    select
        *,
        row_number() over (partition by source order by election_date desc, election_type asc) as recency,
        count(*) over (partition by source) as past_count
    from elections
    where not is_upcoming
)

select
    source,
    election_id,
    election_date,
    election_type,
    election_kind,
    is_history_complete,
    history_complete_date,
    -- The oldest of the latest 60 is number 0, so that a higher bit is a later election.
    cast(case when past_count > 60 then 60 else past_count end - recency as integer) as election_number,
    {{ one_bit('cast(case when past_count > 60 then 60 else past_count end - recency as integer)') }} as election_bit
from past
where recency <= 60
