{# Rules of app exports that more than one model shares. #}

{# Who an app's id means on this side of the app: two apps may use one id for two people. #}
{% macro person_key(user_id, lines=none) -%}
    {{ lines ~ '.' if lines }}_source || ':' || {{ cleaned((lines ~ '.' if lines else '') ~ user_id) }}
{%- endmacro %}

{# The parts of a birthday, which landing writes as YYYY-MM-DD, --MM-DD or YYYY: what a person told, and no more. #}
{% macro birthday_parts() -%}
    case when birthday not like '--%' then {{ safe_integer('substr(birthday, 1, 4)') }} end as birth_year,
    {{ safe_integer("case when birthday like '--%' then substr(birthday, 3, 2) else substr(birthday, 6, 2) end") }} as birth_month,
    {{ safe_integer("case when birthday like '--%' then substr(birthday, 6, 2) else substr(birthday, 9, 2) end") }} as birth_day
{%- endmacro %}
