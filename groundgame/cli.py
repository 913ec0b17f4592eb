"""The command line: each stage alone, the whole night, and a look at what is published.

Exit codes: 0 ok · 1 a gate, a refused file or a rejected model · 2 usage · 3 infrastructure.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from groundgame import stages
from groundgame.config import Settings, load_settings
from groundgame.errors import GroundgameError
from groundgame.publish.exports.request import make_request
from groundgame.result import Result

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
out = Console()
err = Console(stderr=True)

AsOf = Annotated[
    dt.datetime,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="The night's date; nothing dated on or after it is used."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object per result instead of text.")]


experiment = typer.Typer(no_args_is_help=True, help="Experiments: who is treated, and what difference it made.")
app.add_typer(experiment, name="experiment")


@app.callback()
def configure(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="Settings file; default: groundgame.toml if there is one.")
    ] = None,
    home: Annotated[Path | None, typer.Option(help="Folder that holds the warehouse, models and publications.")] = None,
    sources: Annotated[
        Path | None, typer.Option(help="Folder of source specs to use instead of the shipped ones.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the library's log lines.")] = False,
) -> None:
    """Read the settings once; every command shares them."""
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(message)s")
    context.obj = load_settings(config, home=home, sources_dir=sources)


def _show(results: Iterable[Result], as_json: bool) -> None:
    """Print results as they come, with a spinner for the stage that runs."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=as_json or not err.is_terminal) as progress:
        waiting = progress.add_task("working")
        for result in results:
            progress.reset(waiting)
            out.print_json(json.dumps(result.to_dict(), default=str)) if as_json else out.print(result.summary())


def _one(call: Callable[..., Result], *args: Any) -> Iterable[Result]:
    """A single stage as a lazy list, so that the spinner is up while it runs."""
    yield call(*args)


@app.command()
def land(
    context: typer.Context,
    as_of: AsOf,
    source: str = typer.Argument("", help="One source; default: all that are due."),
    as_json: Json = False,
) -> None:
    """Fetch, inspect and land new files; bad lines go to quarantine, bad files are refused whole."""
    settings: Settings = context.obj
    names = [source] if source else stages.due_sources(settings)
    _show((stages.land(settings, name, as_of.date()) for name in names), as_json)


@app.command()
def gate(context: typer.Context, stage: str, as_of: AsOf, as_json: Json = False) -> None:
    """Judge one stage (landing, staging, linkage, marts, scores, asks); exit code 1 when it is red."""
    _show(_one(stages.gate, context.obj, stage, as_of.date()), as_json)


@app.command()
def build(context: typer.Context, layer: str, as_of: AsOf, training: bool = False, as_json: Json = False) -> None:
    """Build one dbt layer (staging, people, marts, scores, asks); --training adds the feature rows of past elections."""
    _show(_one(stages.build, context.obj, layer, as_of.date(), training), as_json)


@app.command()
def link(context: typer.Context, as_of: AsOf, as_json: Json = False) -> None:
    """Find the app's people on the voter file, inside their consents; friends' names are purged afterwards."""
    _show(_one(stages.link, context.obj, as_of.date()), as_json)


@app.command()
def find_duplicates(context: typer.Context, as_of: AsOf, as_json: Json = False) -> None:
    """Find voters who stand on the roll twice; where the roll has not changed, what was found stays."""
    _show(_one(stages.find_duplicates, context.obj, as_of.date()), as_json)


@app.command()
def review(
    context: typer.Context,
    answers: Annotated[Path | None, typer.Argument(help="The filled-in CSV; without it the page is written.")] = None,
    as_json: Json = False,
) -> None:
    """Compare a sample of links by eye: writes a page with names for its owner alone, then takes the answers in."""
    _show(_one(stages.review, context.obj, answers), as_json)


@app.command()
def train(
    context: typer.Context,
    score: str,
    as_of: AsOf,
    tune: int | None = typer.Option(
        None, min=0, help="Settings of the trees to try before; an interrupted search goes on."
    ),
    as_json: Json = False,
) -> None:
    """Train a challenger and promote it only if it beats the champion and its floors."""
    _show(_one(stages.train, context.obj, score, as_of.date(), tune), as_json)


@app.command()
def score(context: typer.Context, score: str, as_of: AsOf, as_json: Json = False) -> None:
    """Score tonight's universe with the champion."""
    _show(_one(stages.score, context.obj, score, as_of.date()), as_json)


@experiment.command()
def assign(context: typer.Context, name: str, as_of: AsOf, as_json: Json = False) -> None:
    """Draw the arms before lists go out, and tell what can be found; again, it adds new voters and moves nobody."""
    _show(_one(stages.assign, context.obj, name, as_of.date()), as_json)


@app.command()
def field(context: typer.Context, as_of: AsOf, as_json: Json = False) -> None:
    """Land what the field tools sent since, and bring goals against actuals up to date; needs no night and is in none's way."""
    _show(_one(stages.field, context.obj, as_of.date()), as_json)


@app.command()
def approve(
    context: typer.Context,
    as_of: AsOf,
    by: str = typer.Option(...),
    reason: str = typer.Option(...),
    as_json: Json = False,
) -> None:
    """Let a held run out; name and reason are written to the ledger."""
    settings: Settings = context.obj
    _show(_one(lambda: stages.approve(settings, as_of.date(), by=by, reason=reason)), as_json)


@app.command()
def publish(context: typer.Context, as_of: AsOf, as_json: Json = False) -> None:
    """Switch readers to this run, atomically; refused unless every gate has passed or was approved."""
    _show(_one(stages.publish, context.obj, as_of.date()), as_json)


@app.command()
def pages(context: typer.Context, as_of: AsOf, as_json: Json = False) -> None:
    """Write the pages that people look at (HOME/pages/index.html), also of a night that did not go out."""
    _show(_one(stages.pages, context.obj, as_of.date()), as_json)


@app.command()
def rollback(
    context: typer.Context,
    run_id: str = typer.Argument("", help="Default: the run before the current one."),
    as_json: Json = False,
) -> None:
    """Switch readers back to an earlier published run."""
    _show(_one(stages.rollback, context.obj, run_id or None), as_json)


@app.command()
def forget(
    context: typer.Context,
    as_of: AsOf,
    subject: str = typer.Argument(
        help="NC-AA123 (a voter), app:user_id, or van#4711 or node#vol-17 (a worker of the field, by number or place); "
        "- reads it from standard input, past the shell's history."
    ),
    reason: str = typer.Option(help="How the request came; without any name or id."),
    verify: bool = typer.Option(False, help="Search every table and file afterwards; exit code 1 if the id is found."),
    as_json: Json = False,
) -> None:
    """Remove a person from every layer and every published run, and keep her out of later files; a worker's work stays."""
    settings: Settings = context.obj
    text = sys.stdin.readline() if subject == "-" else subject
    result = stages.forget(settings, text, as_of.date(), reason, verify)
    _show([result], as_json)
    if result.verdict == "fail":
        raise typer.Exit(1)


@app.command()
def forget_deleted(context: typer.Context, as_of: AsOf, as_json: Json = False) -> None:
    """Forget every account that a landed app export reports as deleted; nothing happens where there is none."""
    _show(_one(stages.forget_deleted, context.obj, as_of.date()), as_json)


@app.command()
def export(
    context: typer.Context,
    recipient: Annotated[
        str, typer.Argument(help="walk_list, call_list, meta_audience, zip_aggregates or van_scores.")
    ],
    as_of: AsOf,
    purpose: Annotated[
        str, typer.Option(help="What for: turnout, persuasion, registration, volunteers, advertising, ...")
    ] = "",
    approved_by: Annotated[str, typer.Option(help="Who lets it out; written to the ledger.")] = "",
    only: Annotated[
        list[str] | None,
        typer.Option(help="turnout_score>=30, county_code=32, party=democratic; all that are given must be met."),
    ] = None,
    arm: Annotated[str, typer.Option(help="experiment:arm, for a list that treats one arm.")] = "",
    experiment: Annotated[str, typer.Option(help="Whose arms are asked, all alike, for the purpose survey.")] = "",
    as_json: Json = False,
) -> None:
    """Make a list from what is published: purpose and approval first, suppression last, logged before the file exists."""
    request = make_request(recipient, purpose, approved_by, only or (), arm, experiment)
    _show(_one(stages.export, context.obj, request, as_of.date()), as_json)


@app.command()
def night(context: typer.Context, as_of: AsOf, as_json: Json = False) -> None:
    """Run the whole night without Airflow: the same stages in the same order."""
    _show(stages.night(context.obj, as_of.date()), as_json)


@app.command()
def synth(
    folder: Path,
    voters: int = typer.Option(10_000, min=100),
    seed: int = 20121106,
    county_files: bool = typer.Option(False, help="One zip per county instead of one statewide."),
    app_users: int = typer.Option(0, min=0, help="Accounts of a campaign app among them, exported to FOLDER/app."),
    field_contacts: int = typer.Option(
        0, min=0, help="Attempts of a field program to reach them, exported to FOLDER/field."
    ),
    as_json: Json = False,
) -> None:
    """Write a synthetic state in North Carolina's layouts; its truth goes to FOLDER/truth, which the pipeline never reads."""
    from groundgame.synth.app.write import write_app
    from groundgame.synth.field.write import write_field
    from groundgame.synth.state import write_state

    _show(_one(lambda: write_state(folder, voters, seed, packaging="county" if county_files else "statewide")), as_json)
    if app_users:
        _show(_one(lambda: write_app(folder, seed, app_users, voters=voters)), as_json)
    if field_contacts:
        _show(_one(lambda: write_field(folder, seed, field_contacts, voters=voters)), as_json)


@app.command()
def sql(
    context: typer.Context,
    query: str,
    limit: int = typer.Option(50, help="Rows shown; 0 shows all."),
    as_json: Json = False,
) -> None:
    """Run one read-only query on what is published."""
    from groundgame.publish.read import query as run

    rows = run(context.obj, query)
    if as_json:
        out.print_json(json.dumps(rows.to_pylist(), default=str))
        return
    table = Table(*rows.column_names)
    for row in rows.slice(0, limit or rows.num_rows).to_pylist():
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    out.print(table)
    if limit and rows.num_rows > limit:
        err.print(f"{rows.num_rows - limit:,} more rows; --limit 0 shows all")


@app.command()
def doctor(
    context: typer.Context,
    clean: bool = typer.Option(False, help="Remove litter of interrupted runs."),
    as_json: Json = False,
) -> None:
    """Check the installation: what is served, how old, what is missing, and what an interrupted run left behind."""
    from groundgame.doctor import examine

    findings = examine(context.obj, clean=clean)
    if as_json:
        out.print_json(json.dumps([finding.to_dict() for finding in findings]))
    else:
        for finding in findings:
            out.print(f"{'ok  ' if finding.ok else 'BAD '} {finding.check}: {finding.text}", highlight=False)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(3)


def main() -> None:
    """Run the command line; a deliberate error is one line and its own exit code, never a traceback."""
    try:
        app()
    except GroundgameError as error:
        err.print(f"{type(error).__name__}: {error}", style="red", highlight=False, markup=False)
        sys.exit(error.exit_code)
