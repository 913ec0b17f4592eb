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
        runs.target_election_kind,
        elections.election_kind,
        elections.election_bit,
        elections.election_kind in ('presidential', 'midterm') as is_general,
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
        bit_or(case when is_general then election_bit end) as general_mask,
        bit_or(case when is_general and general_recency <= 4 then election_bit end) as recent_general_mask,
        bit_or(case when election_kind = target_election_kind then election_bit end) as same_kind_mask,
        bit_or(case when election_kind = 'primary' then election_bit end) as primary_mask,
        {%- for kind, depth in [('presidential', 2), ('midterm', 2), ('primary', 3), ('municipal', 1)] %}
        {%- set last_kind = loop.last %}
        {%- for back in range(1, depth + 1) %}
        bit_or(case when election_kind = '{{ kind }}' and kind_recency = {{ back }} then election_bit end)
            as {{ kind }}_{{ back }}_mask{{ ',' if not (loop.last and last_kind) }}
        {%- endfor %}
        {%- endfor %}
    from complete
    group by source, as_of_date
)

select
    runs.source,
    runs.as_of_date,
    {%- for mask in [
        'covered', 'general', 'recent_general', 'same_kind', 'primary', 'presidential_1', 'presidential_2', 'midterm_1',
        'midterm_2', 'primary_1', 'primary_2', 'primary_3', 'municipal_1'
    ] %}
    coalesce(masked.{{ mask }}_mask, 0) as {{ mask }}_mask{{ ',' if not loop.last }}
    {%- endfor %}
from runs
left join masked on runs.source = masked.source and runs.as_of_date = masked.as_of_date
