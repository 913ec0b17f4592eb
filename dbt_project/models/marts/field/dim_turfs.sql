with

ranked as (
    select
        turfs.*,
        row_number() over (
            partition by turfs.turf_key order by turfs.snapshot_date desc, turfs.file_id desc, turfs.line desc
        ) as recency
    from {{ ref('stg_field__turfs') }} as turfs
),

accounts as (
    select * from {{ ref('int_field_accounts__placed') }}
)

select
    ranked.turf_key,
    ranked.source,
    ranked.state_abbr,
    ranked.county_code,
    ranked.precinct_code,
    accounts.node_id,
    coalesce(accounts.node_path, '/unplaced/') as node_path,
    ranked.targets_count,
    ranked.status,
    ranked.checked_out_at,
    ranked.completed_at
from ranked
left join accounts on ranked.account_key = accounts.account_key
where ranked.recency = 1
