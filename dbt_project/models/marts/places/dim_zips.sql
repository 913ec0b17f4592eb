with

voters as (
    select * from {{ ref('dim_voters') }}
)

select
    source || '-' || zip_code as zip_id,
    source,
    state_abbr,
    zip_code,
    {{ roll_figures() }}
from voters
where is_registered and zip_code is not null
group by source, state_abbr, zip_code
