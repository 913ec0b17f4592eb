with

registrations as (
    select * from {{ ref('stg_voter_file__registrations') }}
),

doubled as (
    select * from {{ ref('int_registrations__doubled') }}
),

ranked as (
    select
        registrations.*,
        -- Lines may contradict each other on this as on anything; whoever may be in hiding stays hidden.
        max(case when registrations.is_confidential then 1 else 0 end) over (
            partition by registrations.source, registrations.snapshot_date, registrations.voter_id
        ) = 1 as has_confidential_line,
        row_number() over (
            partition by registrations.source, registrations.snapshot_date, registrations.voter_id
            order by registrations.registered_date desc nulls last, registrations.line desc, registrations.file_id desc
        ) as preference
    from registrations
    inner join doubled
        on
            registrations.source = doubled.source
            and registrations.snapshot_date = doubled.snapshot_date
            and registrations.voter_id = doubled.voter_id
),

compared as (
    select
        *,
        {{ registration_content() }} as content
    from ranked
)

select
    lines.source,
    lines.snapshot_date,
    lines.voter_id,
    lines.file_id,
    lines.line,
    lines.preference = 1 as is_kept,
    lines.has_confidential_line,
    lines.content = kept.content as is_identical
from compared as lines
inner join compared as kept
    on
        lines.source = kept.source
        and lines.snapshot_date = kept.snapshot_date
        and lines.voter_id = kept.voter_id
        and kept.preference = 1
