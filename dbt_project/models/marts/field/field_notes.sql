{{ config(tags=['field_live']) }}

with

ranked as (
    select
        notes.*,
        row_number() over (
            partition by notes.note_key
            order by notes.written_at desc, notes.snapshot_date desc, notes.file_id desc, notes.line desc
        ) as recency
    from {{ ref('stg_field__notes') }} as notes
),

nodes as (
    select * from {{ ref('dim_field_nodes') }}
),

judged as (
    select ranked.*, coalesce({{ may_name_somebody('ranked.body') }}, true) as is_withheld
    from ranked
    where ranked.recency = 1
)

select
    judged.note_key,
    judged.node_id,
    nodes.node_path,
    nodes.node_name,
    judged.kind,
    judged.written_at,
    judged.local_date,
    case when not judged.is_withheld then substr(judged.body, 1, 280) end as text,
    judged.is_withheld
from judged
inner join nodes on judged.node_id = nodes.node_id
