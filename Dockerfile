# One image for every Airflow process: the project with its locked environment.
ARG BASE=python:3.11.14-slim-trixie
# hadolint ignore=DL3006
FROM ${BASE}
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# LightGBM needs OpenMP's runtime, dbt calls git, make installs, backups call pg_dump.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git libgomp1 make postgresql-client \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 50000 --gid 0 airflow \
    && install --directory --owner=airflow --mode=0750 /srv/groundgame /srv/inbox /srv/pages /srv/backups /var/lib/airflow /var/log/airflow
WORKDIR /opt/groundgame
# What is installed changes less often than what is written: dependencies make a layer of their own.
COPY Makefile pyproject.toml requirements.lock README.md airflow.env ./
COPY groundgame groundgame
COPY models_py models_py
RUN make env
COPY dags dags
COPY dbt_project dbt_project
COPY server server
USER 50000
ENV PATH=/opt/groundgame/.venv/bin:$PATH \
    PYTHONPATH=/opt/groundgame \
    AIRFLOW_HOME=/var/lib/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/groundgame/dags \
    GROUNDGAME_HOME=/srv/groundgame \
    GROUNDGAME_INBOX=/srv/inbox
ENTRYPOINT ["server/entrypoint"]
