{# Rules of the field program that more than one model shares. #}

{# The last day on which a report changes its own week: the Wednesday after. What comes later is a correction. #}
{% macro week_closes(day) -%}
    {{ add_days(monday_of(day), 9) }}
{%- endmacro %}

{# More attempts of one canvasser in one hour than anybody can make: a door takes a minute at best, a dialer makes a call in twenty seconds. #}
{% macro beyond_belief(contact_type, attempts) -%}
    case {{ contact_type }} when 'door' then {{ attempts }} > 60 when 'call' then {{ attempts }} > 180 else false end
{%- endmacro %}

{# Text that may speak of somebody in particular: a number of a phone, a person or a house, an address, or somebody's health. #}
{% macro may_name_somebody(text) -%}
    (
        {{ matches(text, '[0-9]{3}[-. ]?[0-9]{4}') }}
        or {{ matches(text, '[0-9]{5}') }}
        or {{ matches(text, '[0-9]{3}-[0-9]{2}-[0-9]{4}') }}
        or {{ matches(text, '@') }}
        or {{ matches(text, '[0-9]+ [a-z. ]*(street|st|avenue|ave|road|rd|drive|dr|lane|ln|court|ct|apt)([^a-z]|$)') }}
        or {{ matches(text, '(surgery|cancer|hospital|pregnan|dementia|disab|medic|diagnos|illness)') }}
    )
{%- endmacro %}

{# When an incremental table is brought up to date: contacts that a pending file reports or answers. Else every contact. #}
{% macro comes_new(reports) -%}
    {# Compiling without a server may not ask whether the table is there. #}
    {%- if flags.INTROSPECT and is_incremental() -%}
    ({{ reports }}.source, {{ reports }}.contact_id) in (
        select c.source, c.contact_id from {{ ref('stg_field__contacts') }} as c
        where c.file_id in (select p.file_id from {{ source('ops', 'field_pending') }} as p)
        union
        select r.source, r.contact_id from {{ ref('stg_field__responses') }} as r
        where r.file_id in (select p.file_id from {{ source('ops', 'field_pending') }} as p)
    )
    {%- else -%}
    true
    {%- endif %}
{%- endmacro %}
