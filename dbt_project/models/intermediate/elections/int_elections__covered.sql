with

runs as (
    select * from {{ ref('int_runs__targeted') }}
),

elections as (
    select * from {{ ref('int_elections__numbered') }}
),

-- Of each run, the elections whose history was complete before its day: what was not complete then is unknown, not "did not vote".
complete as (
    select
        runs.source,
        runs.as_of_date,
        elections.election_kind,
        elections.election_bit,
        elections.election_kind in ('presidential', 'midterm') as is_general,
        -- Four years and six weeks: the election of four years ago may have fallen on a later day of its month.
        elections.election_date >= {{ add_days('runs.as_of_date', -1503) }} as is_in_cycle,
        row_number() over (
            partition by runs.source, runs.as_of_date, elections.election_kind
            order by elections.election_number desc
        ) as kind_recency,
        row_number() over (
            partition by
                runs.source, runs.as_of_date, case when elections.election_kind in ('presidential', 'midterm') then 1 else 0 end
            order by elections.election_number desc
        ) as general_recency
    from runs
    inner join elections
        on
            runs.source = elections.source
            and elections.is_history_complete
            and elections.history_complete_date < runs.as_of_date
            and elections.election_date < runs.as_of_date
),

masked as (
    select
        source,
        as_of_date,
        bit_or(election_bit) as covered_mask,
        bit_or(case when is_general and general_recency <= 4 then election_bit end) as recent_general_mask,
        bit_or(case when is_in_cycle then election_bit end) as cycle_mask,
        bit_or(case when is_in_cycle and is_general then election_bit end) as cycle_general_mask,
        bit_or(case when election_kind = 'primary' then election_bit end) as primary_mask,
        {{ latest_of_kind('presidential', 1) }},
        {{ latest_of_kind('presidential', 2) }},
        {{ latest_of_kind('midterm', 1) }},
        {{ latest_of_kind('midterm', 2) }},
        {{ latest_of_kind('primary', 1) }},
        {{ latest_of_kind('primary', 2) }},
        {{ latest_of_kind('primary', 3) }},
        {{ latest_of_kind('municipal', 1) }}
    from complete
    group by source, as_of_date
)

select
    runs.source,
    runs.as_of_date,
    coalesce(masked.covered_mask, 0) as covered_mask,
    coalesce(masked.recent_general_mask, 0) as recent_general_mask,
    coalesce(masked.cycle_mask, 0) as cycle_mask,
    coalesce(masked.cycle_general_mask, 0) as cycle_general_mask,
    coalesce(masked.primary_mask, 0) as primary_mask,
    coalesce(masked.presidential_1_mask, 0) as presidential_1_mask,
    coalesce(masked.presidential_2_mask, 0) as presidential_2_mask,
    coalesce(masked.midterm_1_mask, 0) as midterm_1_mask,
    coalesce(masked.midterm_2_mask, 0) as midterm_2_mask,
    coalesce(masked.primary_1_mask, 0) as primary_1_mask,
    coalesce(masked.primary_2_mask, 0) as primary_2_mask,
    coalesce(masked.primary_3_mask, 0) as primary_3_mask,
    coalesce(masked.municipal_1_mask, 0) as municipal_1_mask
from runs
left join masked on runs.source = masked.source and runs.as_of_date = masked.as_of_date
