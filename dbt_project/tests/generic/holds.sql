{# A condition is true for every row; the test's name is the claim. #}
{% test holds(model, condition) %}
select 1 as broken
from {{ model }}
where not coalesce({{ condition }}, false)
{% endtest %}
