{# The questions that engines answer differently. A model calls these; the answers are in <engine>.sql beside this file. #}

{% macro years_between(start_date, end_date) %}{{ return(adapter.dispatch('years_between')(start_date, end_date)) }}{% endmacro %}

{% macro days_between(start_date, end_date) %}{{ return(adapter.dispatch('days_between')(start_date, end_date)) }}{% endmacro %}

{% macro add_years(start_date, years) %}{{ return(adapter.dispatch('add_years')(start_date, years)) }}{% endmacro %}

{% macro add_days(start_date, days) %}{{ return(adapter.dispatch('add_days')(start_date, days)) }}{% endmacro %}

{% macro as_text(value) %}{{ return(adapter.dispatch('as_text')(value)) }}{% endmacro %}

{% macro safe_date(text) %}{{ return(adapter.dispatch('safe_date')(text)) }}{% endmacro %}

{% macro safe_integer(text) %}{{ return(adapter.dispatch('safe_integer')(text)) }}{% endmacro %}

{% macro text_key(text) %}{{ return(adapter.dispatch('text_key')(text)) }}{% endmacro %}

{% macro digits_of(text) %}{{ return(adapter.dispatch('digits_of')(text)) }}{% endmacro %}

{% macro squeezed(text) %}{{ return(adapter.dispatch('squeezed')(text)) }}{% endmacro %}

{% macro one_bit(position) %}{{ return(adapter.dispatch('one_bit')(position)) }}{% endmacro %}

{% macro bits_set(mask) %}{{ return(adapter.dispatch('bits_set')(mask)) }}{% endmacro %}

{% macro highest_bit(mask) %}{{ return(adapter.dispatch('highest_bit')(mask)) }}{% endmacro %}

{% macro ratio(numerator, denominator) %}{{ return(adapter.dispatch('ratio')(numerator, denominator)) }}{% endmacro %}

{% macro safe_timestamp(text) %}{{ return(adapter.dispatch('safe_timestamp')(text)) }}{% endmacro %}

{# The minute in which a moment lies. #}
{% macro minute_of(moment) %}{{ return(adapter.dispatch('minute_of')(moment)) }}{% endmacro %}

{# The Monday of a day's week. #}
{% macro monday_of(day) %}{{ return(adapter.dispatch('monday_of')(day)) }}{% endmacro %}

{# Whether a regular expression is found in a text, whatever the case of its letters. #}
{% macro matches(text, pattern) %}{{ return(adapter.dispatch('matches')(text, pattern)) }}{% endmacro %}

{# What an engine must be told after a table was built, so that it plans the next query well. #}
{% macro gather_statistics(relation) %}{{ return(adapter.dispatch('gather_statistics')(relation)) }}{% endmacro %}

{# How a wide table that a few models read is held: written once, or computed by each of them. #}
{% macro wide_intermediate() %}{{ return(adapter.dispatch('wide_intermediate')()) }}{% endmacro %}
