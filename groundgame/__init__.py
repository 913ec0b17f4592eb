"""The library behind the nightly run. It knows nothing of Airflow; the DAGs and the CLI call it."""
