{# Schemas are exactly staging, intermediate, vault and marts: no developer or target prefix, because every home has its own warehouse. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
