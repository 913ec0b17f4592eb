with

elections as (
    select * from {{ source('raw', 'source_elections') }}
)

select
    source,
    election_date,
    lower({{ cleaned('election_type') }}) as election_type,
    {{ cleaned('election_name') }} as election_name
from elections
