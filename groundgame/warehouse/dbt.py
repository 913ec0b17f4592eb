"""Run one layer of the dbt project in this process: one start of dbt a layer, not one a model.

Selection, environment, first cause of a failure and letting go of the warehouse belong here. SQL belongs to the project.
As a command: ``python -m groundgame.warehouse.dbt compile duckdb postgres`` and ``... docs``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from groundgame.config import Settings, load_settings
from groundgame.errors import SpecError, WarehouseError
from groundgame.result import Result
from groundgame.warehouse import parsed, steady

if TYPE_CHECKING:
    from dbt.adapters.base import BaseAdapter
    from dbt.contracts.graph.manifest import Manifest

LAYERS: dict[str, list[str]] = {
    "staging": ["--select", "staging", "tag:calendar", "--exclude"],
    # What linkage reads, with all that it is made from; the marts are built from the links.
    "people": ["--select", "+people_to_match", "+voters_to_match", "--exclude", "staging", "tag:calendar"],
    "marts": [
        "--select",
        "intermediate",
        "vault",
        "marts",
        "--exclude",
        "tag:calendar",
        "tag:scores",
        "tag:asks",
        "tag:people",
    ],
    "scores": ["--select", "tag:scores", "--exclude"],
    # Whom users of an app ask, by tonight's scores.
    "asks": ["--select", "tag:asks", "--exclude"],
    # What the field batch brings up to date between two nights, in a warehouse of its own.
    "field": ["--select", "path:models/staging/field", "tag:field_live", "--exclude"],
}
FAILED = ("error", "fail", "runtime error")
# What an engine quotes in an error may be a row's value; what it quotes twice is a name, except in a duplicate key.
VALUES = re.compile(r"""'[^']*'|(?<=Duplicate key )"[^"]*"|(?<=DETAIL:).*""")
LONGEST_CAUSE = 300


def build(
    settings: Settings, layer: str, select: Sequence[str] = (), full_tests: bool = False, is_fresh: bool = True
) -> Result:
    """Build the models of one layer; the caller must hold no connection to the warehouse.

    Args:
        settings: the installation.
        layer: ``staging``, ``people``, ``marts`` (with all between), ``scores``, ``asks`` or ``field``.
        select: dbt selectors instead of the layer's own, for a partial rebuild.
        full_tests: run the project's unit tests and data tests too, which prove the SQL; a night's data is for its gates to judge.
        is_fresh: build incremental tables from scratch, as a night does; otherwise add what ``ops.field_pending`` names.

    Returns:
        Rows of the tables that were built, and the seconds of every node in ``details["nodes"]``.

    Raises:
        SpecError: there is no such layer.
        WarehouseError: dbt could not run, or a model or test failed; names the first one. No value of a row is in it.
    """
    if layer not in LAYERS:
        raise SpecError("dbt", "layer", f"no layer is named {layer!r}", f"layers: {', '.join(LAYERS)}")
    start = time.perf_counter()
    scope = ["--select", *select, "--exclude"] if select else LAYERS[layer]
    # Nothing has the tag none: an empty list after --exclude would take the next option for its value. The gate after the layer asks
    # of the data what data tests ask, in one query a table.
    tests = ["tag:none", *([] if full_tests else ["--exclude-resource-type", "test", "unit_test"])]
    with steady.kept(settings, is_whole_layer=layer == "marts" and not select) as unchanged:
        fresh = ["--full-refresh"] if is_fresh and layer in ("marts", "field") else []
        results = _invoke(
            settings, ["build", "--no-write-json"], [*scope, *unchanged, *tests, *fresh], f"build {layer}"
        )
    built = [r for r in results if r.node.resource_type in ("model", "seed")]
    rows = _rows(
        settings, [r.node for r in built if r.node.config.materialized == "table" and r.node.schema == "marts"]
    )
    return Result(
        stage="build",
        name=layer,
        rows_out=sum(rows.values()),
        seconds=round(time.perf_counter() - start, 3),
        details={
            "models": len(built),
            "is_steady_kept": bool(unchanged),
            **({"tests": sum(r.node.resource_type in ("test", "unit_test") for r in results)} if full_tests else {}),
            "rows": rows,
            "nodes": {r.node.name: round(r.execution_time, 3) for r in results},
        },
    )


def compile_project(settings: Settings, target: str) -> int:
    """Compile every model for one engine without asking a server; returns the number of compiled nodes.

    Raises:
        WarehouseError: the project does not compile for this target.
    """
    offline = ["--no-introspect", "--no-populate-cache"]
    return len(_invoke(settings, ["compile"], offline, f"compile for {target}", target=target, warehouse=":memory:"))


def generate_docs(settings: Settings) -> str:
    """Write the project's documentation site; returns the path of its page, which needs no server."""
    _invoke(settings, ["docs", "generate"], ["--static"], "write the docs")
    return str(_folder(settings, settings.engine) / "static_index.html")


def project(settings: Settings) -> Manifest:
    """The project as dbt has parsed it for the installation's engine: nodes, columns, dependencies.

    Raises:
        WarehouseError: dbt could not parse it.
    """
    with _environment(settings, settings.engine, str(settings.warehouse_path)):
        try:
            return _parsed(settings, settings.engine, settings.warehouse_path.stem, "parse the project")
        finally:
            _let_go()


def _invoke(
    settings: Settings,
    command: list[str],
    options: Sequence[str],
    action: str,
    target: str | None = None,
    warehouse: str | None = None,
) -> list[Any]:
    target, warehouse = target or settings.engine, warehouse or str(settings.warehouse_path)
    with _environment(settings, target, warehouse):
        from dbt.cli.main import dbtRunner

        try:
            runner = dbtRunner(manifest=_parsed(settings, target, Path(warehouse).stem, action))
            outcome = runner.invoke([*command, *options, *_places(settings, target)])
        finally:
            _let_go()
    # `docs generate` hands back a catalog and no list of results.
    results = list(getattr(outcome.result, "results", None) or [])
    if not outcome.success:
        raise WarehouseError(action, _first_cause(outcome.exception, results))
    return results


def _parsed(settings: Settings, target: str, database: str, action: str) -> Manifest:
    """The parsed project, for a caller who has set the environment."""
    from dbt.cli.main import dbtRunner

    def parse() -> Manifest:
        outcome = dbtRunner().invoke(["parse", "--no-write-json", *_places(settings, target)])
        _let_go()  # the next command opens adapters and a log of its own
        if not outcome.success:
            raise WarehouseError(action, _first_cause(outcome.exception, []))
        return cast("Manifest", outcome.result)

    name = os.environ.get("PGDATABASE", "") if target == "postgres" else database
    return parsed.manifest(settings.dbt_project_dir, target, name, parse)


def _places(settings: Settings, target: str) -> list[str]:
    """The options that every command takes: where the project is, where to write, and to be silent."""
    folder, project = _folder(settings, target), str(settings.dbt_project_dir)
    return [
        *("--project-dir", project, "--profiles-dir", project, "--target", target),
        *("--target-path", str(folder), "--log-path", str(folder / "logs")),
        *("--quiet", "--log-level", "none", "--log-level-file", "info", "--no-use-colors"),
    ]


def _folder(settings: Settings, target: str) -> Path:
    """One folder per engine and place: a parsed project is kept there, and a change of target would throw it away."""
    return settings.home / "dbt" / (target if settings.place == "warehouse" else f"{target}_{settings.place}")


@contextlib.contextmanager
def _environment(settings: Settings, target: str, warehouse: str) -> Iterator[None]:
    """What profiles.yml reads, for the time of one call."""
    values = {
        "GROUNDGAME_ENGINE": target,
        "GROUNDGAME_WAREHOUSE": warehouse,
        "GROUNDGAME_THREADS": str(settings.threads),
        "GROUNDGAME_MEMORY_LIMIT": settings.memory_limit,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
    if target == settings.engine == "postgres":
        from groundgame.warehouse.postgres import libpq_environment

        values |= libpq_environment(settings)
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _let_go() -> None:
    """Close what dbt leaves open: its adapters, the DuckDB instance that it keeps for the next call, and its log file."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import FACTORY, reset_adapters
    from dbt_common.events.event_manager_client import cleanup_event_logger

    for adapter in list(FACTORY.adapters.values()):
        cast("BaseAdapter", adapter).cleanup_connections()
    reset_adapters()
    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
    DuckDBConnectionManager.close_all_connections()
    # dbt drops the logger of its file without closing the file.
    for handler in list(logging.getLogger("file_log").handlers):
        handler.close()
    cleanup_event_logger()


def _first_cause(exception: BaseException | None, results: Sequence[Any]) -> str:
    """One line: the first node that failed and why, else why dbt did not start."""
    for result in results:
        if str(result.status) in FAILED:
            return f"{result.node.name}: {_without_values(result.message or str(result.status))}"
    return _without_values(str(exception)) if exception else "dbt gave no reason; see dbt.log in the home's dbt folder"


def _without_values(message: str) -> str:
    """The message's first telling line, without quoted values."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    # dbt heads an engine's message with "Runtime Error in model x (path)".
    telling = [line for line in lines if " Error in " not in line] or lines or ["no message"]
    if "enforced contract" in telling[0]:
        # dbt tells the columns that differ in a table below: name, type in the SQL, type in the contract, reason.
        telling[0] += " " + " · ".join(line.strip("| ") for line in lines if line.startswith("|") and "--" not in line)
    return VALUES.sub("'…'", telling[0])[:LONGEST_CAUSE]


def _rows(settings: Settings, nodes: Sequence[Any]) -> dict[str, int]:
    if not nodes:
        return {}
    from groundgame.warehouse.base import open_warehouse

    with open_warehouse(settings, read_only=True) as warehouse:
        counts = {n.name: warehouse.fetch(f"select count(*) from {n.schema}.{n.name}").column(0)[0] for n in nodes}
    return {name: count.as_py() for name, count in sorted(counts.items())}


def main(arguments: Sequence[str]) -> int:
    """``compile <target>...`` or ``docs``; prints one line each."""
    settings = load_settings()
    try:
        match list(arguments):
            case ["compile", *targets] if targets:
                for target in targets:
                    sys.stdout.write(f"{compile_project(settings, target)} nodes compile for {target}\n")
            case ["docs"]:
                sys.stdout.write(f"{generate_docs(settings)}\n")
            case _:
                sys.stderr.write(f"{__doc__}\n")
                return 2
    except WarehouseError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
