"""The stages of a night, in order, each one call: what a DAG task and a CLI command both run.

Order and parameters belong here; the work is in the rooms below. Heavy imports stay inside the functions, so that a DAG file
that reads this module parses fast.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import functools
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ParamSpec, cast

from groundgame import readiness
from groundgame.config import Settings
from groundgame.errors import GroundgameError, SpecError
from groundgame.publish.exports.request import Request
from groundgame.result import Result
from groundgame.sources.catalog import load_catalog
from groundgame.warehouse.turns import alone, at_work

Connections = Callable[[str], dict[str, Any]]
GATES = ("landing", "staging", "linkage", "marts", "scores", "asks")
LAYERS = ("staging", "marts", "scores", "asks")
WITHOUT_HER = "without a forgotten person"
log = logging.getLogger(__name__)
P = ParamSpec("P")


def timed(function: Callable[P, Result]) -> Callable[P, Result]:
    """Time a call and log its one-line summary; the result travels on the log record for whoever shows progress."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> Result:
        start = time.perf_counter()
        result = dataclasses.replace(function(*args, **kwargs), seconds=round(time.perf_counter() - start, 3))
        log.info("%s", result.summary(), extra={"result": result})
        return result

    return run


def stage(function: Callable[P, Result]) -> Callable[P, Result]:
    """A stage of a night, timed; its first argument is the settings. It waits for whoever removes rows from everywhere."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> Result:
        with at_work(cast("Settings", args[0])):
            return timed(function)(*args, **kwargs)

    return run


def due_sources(settings: Settings, of_apps: bool | None = None) -> list[str]:
    """Names of the sources that a night lands: those in use, or every spec that has files when none is named.

    Args:
        settings: the installation.
        of_apps: the exports of apps alone, or all but them; default: all.

    Raises:
        SpecError: there is nothing to land; a night without a source would publish yesterday under a new name.
    """
    from groundgame.ingest.run import due_sources as due

    if names := due(settings):
        if of_apps is None:
            return names
        catalog = load_catalog(settings)
        return [name for name in names if (catalog[name].kind == "app") is of_apps]
    raise SpecError("sources", str(settings.inbox_dir), "no source has files here", "set inbox, or sources in use")


def due_scores(settings: Settings) -> list[str]:
    """Names of the scores in the scores folder, uplift scores last."""
    from models_py.spec import load_scores
    from models_py.uplift_spec import load_uplifts

    return [*load_scores(settings), *load_uplifts(settings)]


@stage
def land(settings: Settings, source: str, as_of: dt.date, connections: Connections | None = None) -> Result:
    """Fetch, inspect, read and land the new files of one source."""
    from groundgame.ingest.run import run

    return run(settings, source, as_of, connections=connections)


@stage
def gate(settings: Settings, stage: str, as_of: dt.date) -> Result:
    """Judge one stage; raises GateFailed when it is red."""
    from groundgame.gates.gate import run

    return run(settings, stage, as_of)


@stage
def build(settings: Settings, layer: str, as_of: dt.date, training: bool = False) -> Result:
    """Build one dbt layer for one night. ``training`` adds the feature rows of past elections.

    Where no app has been landed, ``asks`` starts no dbt: its empty tables are built along with the scores.
    """
    from groundgame.ingest.run import prepare
    from groundgame.warehouse import dbt

    if layer == "staging":
        prepare(settings, as_of)
        readiness.open_night(settings, as_of, training or _needs_past(settings))
    else:
        readiness.check_night(settings, as_of)
    if layer == "marts":
        readiness.open_links(settings)
    if layer == "scores":
        readiness.measure_experiments(settings, as_of)
    if layer in ("scores", "asks") and not readiness.has_app(settings):
        return Result("build", layer) if layer == "asks" else dbt.build(settings, layer, ("tag:scores", "tag:asks"))
    return dbt.build(settings, layer)


@stage
def link(settings: Settings, as_of: dt.date) -> Result:
    """Find the app's people on the voter file; then friends' names, birthdays and cities are purged.

    Where no app has been landed there is nobody to link, and dbt is not started for it.
    """
    from groundgame.ingest.run import prepare
    from groundgame.linkage import link as linkage
    from groundgame.privacy import friends
    from groundgame.warehouse import dbt

    readiness.check_night(settings, as_of)
    if not readiness.has_app(settings):
        return Result("link", "people")
    readiness.open_links(settings)
    dbt.build(settings, "people")
    linked = linkage.run(settings, as_of, "vault.people_to_match", "vault.voters_to_match")
    purged = friends.purge(settings, as_of)
    if any(purged.values()):
        prepare(settings, as_of)  # a server holds copies of the files that were just purged
    return dataclasses.replace(linked, details={**linked.details, "purged": purged})


@stage
def find_duplicates(settings: Settings, as_of: dt.date) -> Result:
    """Find voters who stand on the roll twice, where the roll has changed. After the marts: it reads what they are built from."""
    from groundgame.linkage.duplicates import find_duplicates as run

    readiness.check_night(settings, as_of)
    return run(settings, "vault.voters_to_match")


@stage
def review(settings: Settings, answers: Path | None = None) -> Result:
    """Write the page on which a person compares the sampled links, or take the answers in; the next night counts them."""
    from groundgame.linkage import labels
    from groundgame.linkage import review as page
    from groundgame.warehouse.base import open_warehouse

    readiness.open_links(settings)
    with open_warehouse(settings) as warehouse:
        if answers is not None:
            return Result("review", "answers", rows_in=labels.load(warehouse, answers))
        written = page.write(settings, warehouse, "vault.people_to_match", "vault.voters_to_match")
    return Result("review", "page", details={"page": str(written)})


@stage
def assign(settings: Settings, experiment: str, as_of: dt.date) -> Result:
    """Draw the arms of an experiment among the voters of a built night, before lists go out."""
    from groundgame.experiments.assign import assign as run

    return run(settings, experiment, as_of)


@stage
def train(settings: Settings, score: str, as_of: dt.date, trials: int | None = None) -> Result:
    """Train one score's challenger, judge it and promote it if it is better; ``trials``: settings to try before."""
    from models_py.train import train as run
    from models_py.train_uplift import train_uplift
    from models_py.uplift_spec import load_uplifts

    readiness.check_night(settings, as_of)
    if (uplift := load_uplifts(settings).get(score)) is not None:
        return train_uplift(settings, uplift, as_of)
    return run(settings, score, as_of, universe=readiness.study(settings).get("universe"), trials=trials)


def missing_models(settings: Settings) -> list[str]:
    """Scores that have no champion yet; the first night trains them. Uplift is judged by the weekly training alone."""
    from models_py.registry import champion
    from models_py.spec import load_scores

    return [score for score in load_scores(settings) if champion(settings, score) is None]


def _needs_past(settings: Settings) -> bool:
    """Whether a model is missing that learns from past elections; their feature rows take most of a night to build."""
    from models_py.spec import load_scores

    specs = load_scores(settings)
    return any(specs[name].election_kinds for name in missing_models(settings))


@stage
def score(settings: Settings, score: str, as_of: dt.date) -> Result:
    """Score tonight's universe with the champion."""
    from models_py.predict import score as run

    readiness.check_night(settings, as_of)
    return run(settings, score, as_of, universe=readiness.study(settings).get("universe"))


def open_holds(settings: Settings, as_of: dt.date) -> list[str]:
    """What a person has to approve before tonight's run may be published."""
    from groundgame.publish.switch import open_holds as holds

    return holds(settings, as_of)


@stage
def approve(settings: Settings, as_of: dt.date, by: str, reason: str) -> Result:
    """Record that a person has looked at the holds of a night and lets it out."""
    from groundgame.publish.switch import approve as run

    return run(settings, as_of, by=by, reason=reason)


@stage
def publish(settings: Settings, as_of: dt.date) -> Result:
    """Switch readers to tonight's run, atomically; the files of lists made from the run before go.

    Lists are made from nights alone: a run of the field's place leaves them.
    """
    from groundgame.publish.exports.folder import sweep
    from groundgame.publish.switch import publish as run

    published = run(settings, as_of)
    if published.details.get("state") == "published" and settings.place == "warehouse":
        sweep(settings)
    return published


@stage
def export(settings: Settings, request: Request, as_of: dt.date) -> Result:
    """Make one list for people or for another tool out of what is published; suppressed last, noted before it exists."""
    from groundgame.publish.exports.run import export as run

    return run(settings, request, as_of)


@stage
def pages(settings: Settings, as_of: dt.date) -> Result:
    """Write the pages that people look at, whether the night went out or not."""
    from groundgame.pages.build import build as run

    return run(settings, as_of)


@stage
def rollback(settings: Settings, run_id: str | None = None) -> Result:
    """Switch readers back to an earlier published run."""
    from groundgame.publish.switch import rollback as run

    return run(settings, run_id)


@timed
def forget(settings: Settings, subject: str, as_of: dt.date, reason: str, verify: bool = False) -> Result:
    """Remove a person from every layer and every published run, and keep her out; nothing is published meanwhile."""
    from groundgame.field.batch import quiet
    from groundgame.ingest.views import reload_rewritten
    from groundgame.privacy.forget import forget as run
    from groundgame.privacy.subject import parse
    from groundgame.publish.lock import publisher_lock
    from groundgame.publish.reissue import reissue
    from groundgame.warehouse.base import is_there

    is_worker = parse(subject).is_worker  # refused before anything is waited for
    # Whoever publishes now, or works on a server, has read her rows already: wait for them, then take her out of what they made.
    with contextlib.ExitStack() as waited:
        waited.enter_context(alone(settings))
        waited.enter_context(publisher_lock(settings, WITHOUT_HER, wait_seconds=600))
        if is_worker:
            waited.enter_context(quiet(settings))
            if is_there(settings.of_field()):
                waited.enter_context(publisher_lock(settings.of_field(), WITHOUT_HER, wait_seconds=600))
        return run(settings, subject, as_of, reason, reissue, reload_rewritten, _redraw_field, verify)


def _redraw_field(settings: Settings) -> None:
    """The field's pages, where there are any."""
    from groundgame.pages.build import build_field

    if (settings.pages_dir / "field.html").exists():
        build_field(settings)


@timed
def forget_deleted(settings: Settings, as_of: dt.date) -> Result:
    """Forget the accounts that apps report as deleted; after the landing gate, which refuses an export that deletes most."""
    from groundgame.ingest.views import reload_rewritten
    from groundgame.privacy import deletions
    from groundgame.publish.lock import publisher_lock
    from groundgame.publish.reissue import reissue

    if not deletions.is_due(settings):
        return Result("forget", deletions.BATCH)
    with alone(settings), publisher_lock(settings, "without deleted accounts", wait_seconds=600):
        return deletions.forget_deleted(settings, as_of, reissue, reload_rewritten)


@stage
def field(settings: Settings, as_of: dt.date) -> Result:
    """Bring the field's tables up to date with what came since, beside the nights; see ``groundgame.field``."""
    from groundgame.field.batch import run
    from groundgame.pages.build import build_field

    result = run(settings, as_of)
    if result.details["state"] == "published":
        build_field(settings)
    return result


def night(settings: Settings, as_of: dt.date) -> Iterator[Result]:
    """The whole night without Airflow, one result per stage; stops at the first red gate or open hold, and draws the pages even then.

    Raises:
        GroundgameError: the first stage that failed; what was published before stays served.
    """
    try:
        yield from _until_published(settings, as_of)
    except GroundgameError:
        # The pages tell of it too; one that cannot be drawn must not hide what went wrong.
        with contextlib.suppress(GroundgameError):
            yield pages(settings, as_of)
        raise
    yield pages(settings, as_of)


def _until_published(settings: Settings, as_of: dt.date) -> Iterator[Result]:
    yield from (land(settings, source, as_of) for source in due_sources(settings))
    yield gate(settings, "landing", as_of)
    yield forget_deleted(settings, as_of)
    yield build(settings, "staging", as_of)
    yield gate(settings, "staging", as_of)
    yield link(settings, as_of)
    yield gate(settings, "linkage", as_of)
    yield build(settings, "marts", as_of)
    yield find_duplicates(settings, as_of)
    yield gate(settings, "marts", as_of)
    yield from (train(settings, name, as_of) for name in missing_models(settings))
    yield from (score(settings, name, as_of) for name in due_scores(settings))
    yield build(settings, "scores", as_of)
    yield gate(settings, "scores", as_of)
    yield build(settings, "asks", as_of)
    yield gate(settings, "asks", as_of)
    yield publish(settings, as_of)
