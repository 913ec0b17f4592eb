{% macro postgres__years_between(start_date, end_date) -%}
    cast(extract(year from age({{ end_date }}, {{ start_date }})) as integer)
{%- endmacro %}

{% macro postgres__days_between(start_date, end_date) -%}
    ({{ end_date }} - {{ start_date }})
{%- endmacro %}

{% macro postgres__add_years(start_date, years) -%}
    cast({{ start_date }} + interval '{{ years }} years' as date)
{%- endmacro %}

{% macro postgres__add_days(start_date, days) -%}
    ({{ start_date }} + {{ days }})
{%- endmacro %}

{# There is no try_cast. Landing writes days and moments in one form; is_day and is_moment (warehouse/migrations) know the calendar. #}
{% macro postgres__safe_date(text) -%}
    (case when {{ text }} like '____-__-__' and public.is_day({{ text }}) then cast({{ text }} as date) end)
{%- endmacro %}

{% macro postgres__safe_integer(text) -%}
    (case when {{ text }} ~ '^\s*[+-]?[0-9]{1,9}\s*$' then cast({{ text }} as integer) end)
{%- endmacro %}

{% macro postgres__as_text(value) -%}
    cast({{ value }} as text)
{%- endmacro %}

{% macro postgres__text_key(text) -%}
    hashtextextended({{ text }}, 0)
{%- endmacro %}

{% macro postgres__digits_of(text) -%}
    regexp_replace({{ text }}, '[^0-9]', '', 'g')
{%- endmacro %}

{% macro postgres__squeezed(text) -%}
    regexp_replace({{ text }}, '\s+', ' ', 'g')
{%- endmacro %}

{% macro postgres__one_bit(position) -%}
    (cast(1 as bigint) << cast({{ position }} as integer))
{%- endmacro %}

{% macro postgres__bits_set(mask) -%}
    cast(bit_count(cast({{ mask }} as bit(64))) as integer)
{%- endmacro %}

{% macro postgres__highest_bit(mask) -%}
    (case when {{ mask }} > 0 then length(ltrim(cast(cast({{ mask }} as bit(64)) as text), '0')) - 1 end)
{%- endmacro %}

{% macro postgres__ratio(numerator, denominator) -%}
    cast({{ numerator }} as double precision) / nullif({{ denominator }}, 0)
{%- endmacro %}

{% macro postgres__safe_timestamp(text) -%}
    (case when {{ text }} like '____-__-__%' and public.is_moment({{ text }}) then cast({{ text }} as timestamp) end)
{%- endmacro %}

{% macro postgres__gather_statistics(relation) -%}
    {% if relation.is_table or not relation.type %}analyze {{ relation }}{% endif %}
{%- endmacro %}

{% macro postgres__minute_of(moment) -%}
    date_trunc('minute', {{ moment }})
{%- endmacro %}

{% macro postgres__monday_of(day) -%}
    cast(date_trunc('week', {{ day }}) as date)
{%- endmacro %}

{% macro postgres__matches(text, pattern) -%}
    ({{ text }} ~* '{{ pattern }}')
{%- endmacro %}

{% macro postgres__wide_intermediate() -%}
    table
{%- endmacro %}
