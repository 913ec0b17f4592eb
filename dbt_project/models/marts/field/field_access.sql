{{ config(tags=['field_live']) }}

select
    login,
    node_id,
    node_path,
    level
from {{ ref('int_field_nodes__placed') }}
where login is not null and is_placed and level <> 'volunteer'
