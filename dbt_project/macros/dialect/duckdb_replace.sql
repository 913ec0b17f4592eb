{# DuckDB replaces a table or view in one statement, within the transaction, so that none is built beside it, renamed and dropped:
   the same end with a third of the statements. Nothing here is asked to keep indexes, foreign keys or grants. #}

{% materialization table, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {{ duckdb_make_room(target) }}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') %}
        {% if config.get('contract').enforced %}
            {{ get_assert_columns_equivalent(compiled_code) }}
            create or replace table {{ target }} {{ get_table_columns_and_constraints() }};
            insert into {{ target }} {{ get_column_names() }} ({{ get_select_subquery(compiled_code) }});
        {% else %}
            create or replace table {{ target }} as ({{ compiled_code }});
        {% endif %}
    {% endcall %}
    {{ return(duckdb_made(target, post_hooks)) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set target = this.incorporate(type='view') -%}
    {{ duckdb_make_room(target) }}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') %}
        {% if config.get('contract').enforced %}{{ get_assert_columns_equivalent(compiled_code) }}{% endif %}
        create or replace view {{ target }} as ({{ compiled_code }});
    {% endcall %}
    {{ return(duckdb_made(target, post_hooks)) }}
{% endmaterialization %}

{% macro duckdb_made(target, post_hooks) %}
    {{ run_hooks(post_hooks) }}
    {% do persist_docs(target, model) %}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmacro %}

{# A view is not replaced by a table, nor a table by a view. #}
{% macro duckdb_make_room(target) %}
    {%- set existing = load_cached_relation(target) -%}
    {% if existing is not none and existing.type != target.type %}{{ drop_relation_if_exists(existing) }}{% endif %}
{% endmacro %}

{# Every described column is there, so the relation need not be asked; one that is not is an error. #}
{% macro duckdb__alter_column_comment(relation, column_dict) %}
    {% for name in column_dict if column_dict[name]['description'] %}
        comment on column {{ relation }}.{{ name }} is {{ duckdb_escape_comment(column_dict[name]['description']) }};
    {% endfor %}
{% endmacro %}
