{# Every known value lies between the two bounds, both included. #}
{% test between(model, column_name, at_least=0, at_most=1) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} < {{ at_least }} or {{ column_name }} > {{ at_most }}
{% endtest %}
