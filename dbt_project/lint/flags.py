"""What dbt gives to macros as ``flags``, for linting without dbt: there is no table to ask after."""

INTROSPECT = False
