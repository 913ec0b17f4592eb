with

sources as (
    select * from {{ source('raw', 'sources') }}
)

select
    source,
    upper({{ cleaned('state_abbr') }}) as state_abbr,
    upper(coalesce({{ cleaned('state_abbr') }}, source)) as id_prefix,
    coalesce(history_lag_days, 0) as history_lag_days,
    history_start_date,
    has_separate_history,
    retention_days
from sources
