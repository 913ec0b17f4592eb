"""The tasks: each one call into the library with the run date. No logic here; heavy imports happen inside the library."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import BaseSensorOperator, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException
from airflow.sdk.log import mask_secret

from dags.shared import turns
from dags.shared.defaults import DEFAULTS, TIMEZONE, VOTER_SCORES, stage_task
from groundgame import stages
from groundgame.config import load_settings
from groundgame.publish.exports.request import make_request

# A person may take all day; the default would answer for her after three hours.
WAITING: dict[str, Any] = {"fail_on_reject": True, "execution_timeout": None, "pool": "default_pool", "retries": 0}


@task(pool="default_pool")
def run_date() -> str:
    """The night's date: the parameter, else the asset event that triggered the run, else the run's own date."""
    context = get_current_context()
    if chosen := context["params"].get("as_of"):
        return date.fromisoformat(chosen).isoformat()
    for events in (context.get("triggering_asset_events") or {}).values():
        if as_of := events[-1].extra.get("as_of"):
            return as_of
    moment = context.get("logical_date") or context["dag_run"].run_after
    return moment.astimezone(load_zone()).date().isoformat()


class TakeTurn(BaseSensorOperator):
    """Wait until no other run builds the warehouse; a run that waits for a person's answer still does."""

    def poke(self, context: Any) -> bool:
        me, instance = context["dag_run"], context["ti"]

        def is_over(run: turns.Run) -> bool:
            dag, run_id = run
            # Counted, not asked for its state: a run that was deleted counts as nothing, where its state would be an error.
            return instance.get_dr_count(dag, run_ids=[run_id], states=["queued", "running"]) == 0

        return turns.take(load_settings(), (me.dag_id, me.run_id), is_over)


def take_turn() -> TakeTurn:
    """The first task of every run that builds the warehouse."""
    waits = {"mode": "reschedule", "poke_interval": 30, "timeout": timedelta(days=1)}
    return TakeTurn(task_id="take_turn", pool="default_pool", **waits)


def load_zone() -> Any:
    """The campaign's time zone."""
    from zoneinfo import ZoneInfo

    return ZoneInfo(TIMEZONE)


def connection_options(name: str) -> dict[str, Any]:
    """Storage options (fsspec) of an Airflow connection: host, login and password, and whatever its extra holds."""
    from airflow.sdk import Connection

    found = Connection.get(name)
    options = {"host": found.host, "port": found.port, "username": found.login, "password": found.password}
    return {key: value for key, value in options.items() if value} | found.extra_dejson


@task(pool="default_pool")
@stage_task
def due_sources(of_apps: bool) -> list[str]:
    """The sources that have files tonight: exports of apps, or all others."""
    return stages.due_sources(load_settings(), of_apps)


@task
@stage_task
def land(source: str, as_of: str) -> dict[str, Any]:
    """Land one source's new files."""
    settings = load_settings()
    return stages.land(settings, source, date.fromisoformat(as_of), connections=connection_options).to_dict()


@task
@stage_task
def gate(stage: str, as_of: str) -> dict[str, Any]:
    """Judge one stage; a red gate stops the night."""
    return stages.gate(load_settings(), stage, date.fromisoformat(as_of)).to_dict()


@task
@stage_task
def forget_deleted(as_of: str) -> dict[str, Any]:
    """Forget the accounts that apps report as deleted, before anything is built."""
    return stages.forget_deleted(load_settings(), date.fromisoformat(as_of)).to_dict()


@task
@stage_task
def build(layer: str, as_of: str, training: bool = False) -> dict[str, Any]:
    """Build one dbt layer."""
    return stages.build(load_settings(), layer, date.fromisoformat(as_of), training=training).to_dict()


@task
@stage_task
def link(as_of: str) -> dict[str, Any]:
    """Find the app's people on the voter file; where there is no app, there is nobody to find."""
    return stages.link(load_settings(), date.fromisoformat(as_of)).to_dict()


@task
@stage_task
def find_duplicates(as_of: str) -> dict[str, Any]:
    """Find voters who stand on the roll twice."""
    return stages.find_duplicates(load_settings(), date.fromisoformat(as_of)).to_dict()


@task(pool="default_pool")
def due_scores() -> list[str]:
    """The scores that a night writes."""
    return stages.due_scores(load_settings())


@task(pool="default_pool")
def missing_models() -> list[str]:
    """The scores that have no champion yet: the first night trains them."""
    return stages.missing_models(load_settings())


@task
@stage_task
def train(score: str, as_of: str) -> dict[str, Any]:
    """Train a challenger; it is promoted only if it beats the champion and its floors."""
    return stages.train(load_settings(), score, date.fromisoformat(as_of)).to_dict()


@task(trigger_rule="none_failed")
@stage_task
def score(score: str, as_of: str) -> dict[str, Any]:
    """Score tonight's universe with the champion."""
    return stages.score(load_settings(), score, date.fromisoformat(as_of)).to_dict()


@task.branch
def hold_or_publish(as_of: str) -> str:
    """A person is asked only when a gate holds; the page tells her why."""
    settings, night = load_settings(), date.fromisoformat(as_of)
    if not stages.open_holds(settings, night):
        return "publish"
    stages.pages(settings, night)
    return "approval.ask"


@task
@stage_task
def record_approval(as_of: str, answer: dict[str, Any]) -> None:
    """Write down who let the held run out."""
    stages.approve(load_settings(), date.fromisoformat(as_of), by=_who(answer), reason="approved in Airflow")


def _who(answer: dict[str, Any]) -> str:
    return (answer.get("responded_by_user") or {}).get("name") or "unknown"


@task
@stage_task
def export(as_of: str, answer: dict[str, Any]) -> dict[str, Any]:
    """Make the list that the run's conf asks for, in the name of the person who approved it."""
    conf = get_current_context()["params"]
    drawn = {name: conf[name] for name in ("arm", "experiment")}
    request = make_request(conf["recipient"], conf["purpose"], _who(answer), conf["only"] or (), **drawn)
    return stages.export(load_settings(), request, date.fromisoformat(as_of)).to_dict()


def ask_to_let_out() -> ApprovalOperator:
    """Wait for a person who lets the list out; rejecting fails the task, and nothing is made."""
    return ApprovalOperator(
        task_id="ask",
        subject="May this list leave the house?",
        body="{{ params.recipient }} for {{ params.purpose }}; only: {{ (params.only or ['everybody']) | join(' and ') }}"
        " {{ params.arm or params.experiment or '' }}",
        **WAITING,
    )


def ask_for_approval(as_of: Any) -> ApprovalOperator:
    """Wait for a person; rejecting fails the task, and the last published run stays served."""
    return ApprovalOperator(
        task_id="ask",
        subject="A gate holds tonight's run: publish it?",
        body="Night of {{ ti.xcom_pull(task_ids='run_date') }}. The page *Tonight* says which rule holds and why. "
        "Until someone approves, readers keep the last published run.",
        **WAITING,
    )


@task(pool="default_pool")
@stage_task
def field(as_of: str) -> dict[str, Any]:
    """Bring the field's tables up to date: in a warehouse of their own, so the pool of the night's has no part in it."""
    return stages.field(load_settings(), date.fromisoformat(as_of)).to_dict()


@task
@stage_task
def forget(as_of: str) -> dict[str, Any]:
    """Forget the person whom the run's conf names: the id is no argument, so it is in no rendered field, log or XCom."""
    conf = get_current_context()["params"]
    mask_secret(conf["subject"])
    return stages.forget(
        load_settings(), conf["subject"], date.fromisoformat(as_of), conf["reason"], verify=True
    ).to_dict()


@task(trigger_rule="none_failed_min_one_success", outlets=[VOTER_SCORES])
@stage_task
def publish(as_of: str) -> dict[str, Any]:
    """Switch readers to tonight's run."""
    result = stages.publish(load_settings(), date.fromisoformat(as_of)).to_dict()
    get_current_context()["outlet_events"][VOTER_SCORES].extra = {"as_of": as_of}
    return result


@task(retries=0)  # a retry would keep a run that was stopped open, and the next one waiting
@stage_task
def pages(as_of: str | None) -> dict[str, Any]:
    """Write the pages that people look at; as a teardown, so that it follows a red night too and never decides what a run is."""
    if as_of is None:
        raise AirflowSkipException("the run was stopped before it had a date")
    return stages.pages(load_settings(), date.fromisoformat(as_of)).to_dict()


__all__ = ["DEFAULTS"]
