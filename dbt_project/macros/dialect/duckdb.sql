{% macro duckdb__years_between(start_date, end_date) -%}
    cast(date_sub('year', {{ start_date }}, {{ end_date }}) as integer)
{%- endmacro %}

{% macro duckdb__days_between(start_date, end_date) -%}
    cast(date_diff('day', {{ start_date }}, {{ end_date }}) as integer)
{%- endmacro %}

{% macro duckdb__add_years(start_date, years) -%}
    cast({{ start_date }} + interval '{{ years }} years' as date)
{%- endmacro %}

{% macro duckdb__add_days(start_date, days) -%}
    ({{ start_date }} + {{ days }})
{%- endmacro %}

{% macro duckdb__safe_date(text) -%}
    try_cast({{ text }} as date)
{%- endmacro %}

{% macro duckdb__safe_integer(text) -%}
    try_cast({{ text }} as integer)
{%- endmacro %}

{% macro duckdb__as_text(value) -%}
    cast({{ value }} as varchar)
{%- endmacro %}

{# The hash is unsigned; half of it fits a bigint. #}
{% macro duckdb__text_key(text) -%}
    cast(hash({{ text }}) >> 1 as bigint)
{%- endmacro %}

{% macro duckdb__digits_of(text) -%}
    regexp_replace({{ text }}, '[^0-9]', '', 'g')
{%- endmacro %}

{% macro duckdb__squeezed(text) -%}
    regexp_replace({{ text }}, '\s+', ' ', 'g')
{%- endmacro %}

{% macro duckdb__one_bit(position) -%}
    (cast(1 as bigint) << {{ position }})
{%- endmacro %}

{% macro duckdb__bits_set(mask) -%}
    cast(bit_count({{ mask }}) as integer)
{%- endmacro %}

{# bin() writes no leading zeros, so its length is the position of the highest bit plus one. #}
{% macro duckdb__highest_bit(mask) -%}
    cast(case when {{ mask }} > 0 then length(bin({{ mask }})) - 1 end as integer)
{%- endmacro %}

{% macro duckdb__ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif({{ denominator }}, 0)
{%- endmacro %}

{% macro duckdb__safe_timestamp(text) -%}
    try_cast({{ text }} as timestamp)
{%- endmacro %}

{% macro duckdb__gather_statistics(relation) -%}
    
{%- endmacro %}

{% macro duckdb__minute_of(moment) -%}
    date_trunc('minute', {{ moment }})
{%- endmacro %}

{% macro duckdb__monday_of(day) -%}
    cast(date_trunc('week', {{ day }}) as date)
{%- endmacro %}

{% macro duckdb__matches(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}', 'i')
{%- endmacro %}

{# To write sixty columns takes three times as long as to compute those that a reader wants. #}
{% macro duckdb__wide_intermediate() -%}
    view
{%- endmacro %}
