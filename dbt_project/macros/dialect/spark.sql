{% macro spark__years_between(start_date, end_date) -%}
    cast(floor(months_between({{ end_date }}, {{ start_date }}) / 12) as int)
{%- endmacro %}

{% macro spark__days_between(start_date, end_date) -%}
    datediff({{ end_date }}, {{ start_date }})
{%- endmacro %}

{% macro spark__add_years(start_date, years) -%}
    add_months({{ start_date }}, 12 * {{ years }})
{%- endmacro %}

{% macro spark__add_days(start_date, days) -%}
    date_add({{ start_date }}, {{ days }})
{%- endmacro %}

{% macro spark__safe_date(text) -%}
    try_cast({{ text }} as date)
{%- endmacro %}

{% macro spark__safe_integer(text) -%}
    try_cast({{ text }} as int)
{%- endmacro %}

{% macro spark__as_text(value) -%}
    cast({{ value }} as string)
{%- endmacro %}

{% macro spark__text_key(text) -%}
    xxhash64({{ text }})
{%- endmacro %}

{# Spark replaces every match and takes no flag. #}
{% macro spark__digits_of(text) -%}
    regexp_replace({{ text }}, '[^0-9]', '')
{%- endmacro %}

{% macro spark__squeezed(text) -%}
    regexp_replace({{ text }}, '\\s+', ' ')
{%- endmacro %}

{% macro spark__one_bit(position) -%}
    shiftleft(cast(1 as bigint), {{ position }})
{%- endmacro %}

{% macro spark__bits_set(mask) -%}
    cast(bit_count({{ mask }}) as int)
{%- endmacro %}

{% macro spark__highest_bit(mask) -%}
    (case when {{ mask }} > 0 then length(bin({{ mask }})) - 1 end)
{%- endmacro %}

{% macro spark__ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif({{ denominator }}, 0)
{%- endmacro %}

{% macro spark__safe_timestamp(text) -%}
    try_cast({{ text }} as timestamp_ntz)
{%- endmacro %}

{% macro spark__gather_statistics(relation) -%}
    
{%- endmacro %}

{% macro spark__minute_of(moment) -%}
    date_trunc('minute', {{ moment }})
{%- endmacro %}

{% macro spark__monday_of(day) -%}
    cast(date_trunc('week', {{ day }}) as date)
{%- endmacro %}

{% macro spark__matches(text, pattern) -%}
    (lower({{ text }}) rlike '{{ pattern }}')
{%- endmacro %}

{% macro spark__wide_intermediate() -%}
    table
{%- endmacro %}
