# make demo · make test · make lint · make bench · make up: each sets up all that it needs on a fresh machine.
SHELL := /bin/bash
PYTHON ?= python3
VOTERS ?= 100000
UV_VERSION := 0.13.9
RUN := .venv/bin

.PHONY: demo test server-test lint bench up secrets env lock docs clean
.DEFAULT_GOAL := demo

# uv comes from pip into a folder of its own, so that syncing the environment cannot remove it.
.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.synced: requirements.lock pyproject.toml | .uv/bin/uv
	test -x $(RUN)/python || .uv/bin/uv venv --quiet --python $(PYTHON) .venv
	# Compiled once here, Airflow, dbt and Great Expectations start in half the time in every process after.
	.uv/bin/uv pip sync --quiet --require-hashes --compile-bytecode requirements.lock
	.uv/bin/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

env: .venv/.synced

demo: env
	$(RUN)/python -m dags.shared.demo --voters $(VOTERS)

up: env
	$(RUN)/python -m dags.shared.serve

# By file, for what a file's tests share; in the order of the folders, so that the long ones are not the last ones.
test: env
	$(RUN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# The processes of docker-compose.yml for real, without containers: six minutes on 2 cores.
server-test: env
	$(RUN)/pytest -m server tests/compose

secrets: env
	$(RUN)/python -m server.secrets

lint: env
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports
	$(RUN)/sqlfluff lint --disable-progress-bar dbt_project/models
	$(RUN)/python -m groundgame.warehouse.dbt compile duckdb postgres

docs: env
	$(RUN)/python -m groundgame.publish.dictionary
	$(RUN)/python -m groundgame.warehouse.dbt docs

bench: env
	$(RUN)/python -m benchmarks

lock: .uv/bin/uv
	.uv/bin/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --all-extras pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .uv .groundgame .pytest_cache .ruff_cache .mypy_cache .hypothesis
