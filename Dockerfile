# One image for every Airflow process: the project with its locked environment.
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}
# LightGBM needs OpenMP's runtime; make and git are what the Makefile and dbt call.
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 make git && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/groundgame
COPY Makefile pyproject.toml requirements.lock README.md airflow.env ./
COPY groundgame groundgame
COPY models_py models_py
COPY dags dags
COPY dbt_project dbt_project
RUN make env && useradd --create-home --uid 50000 airflow && mkdir -p /srv/groundgame && chown airflow /srv/groundgame
USER airflow
ENV PATH=/opt/groundgame/.venv/bin:$PATH \
    PYTHONPATH=/opt/groundgame \
    AIRFLOW_HOME=/srv/groundgame/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/groundgame/dags \
    GROUNDGAME_HOME=/srv/groundgame
