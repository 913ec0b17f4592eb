"""### The nightly run
Voter files in, scores out: **land → stage → link → build → score → ask → publish**, with a gate after each.

* A red gate stops the night; yesterday's published scores stay served. A gate that *holds* asks a person first (Required Actions).
* The page *Tonight* says what happened. The first night also trains; later nights score with the champion that `train` keeps.
* Rerun any night: same input, same rows. Choose the date with the *As of* parameter. Who deleted an account is forgotten first.
"""

from airflow.sdk import dag, task_group

from dags.shared import tasks
from dags.shared.defaults import DEFAULTS, NIGHT_ENDS, PARAMS, START


@task_group
def app(as_of):
    tasks.land.partial(as_of=as_of).expand(source=tasks.due_sources(of_apps=True))


@task_group
def landing(as_of):
    others = tasks.land.partial(as_of=as_of).expand(source=tasks.due_sources(of_apps=False))
    judged = tasks.gate.override(task_id="gate", trigger_rule="none_failed")("landing", as_of)
    [others, app(as_of)] >> judged >> tasks.forget_deleted(as_of)


@task_group
def staging(as_of):
    tasks.build("staging", as_of) >> tasks.gate.override(task_id="gate")("staging", as_of)


@task_group
def linkage(as_of):
    tasks.link(as_of) >> tasks.gate.override(task_id="gate")("linkage", as_of)


@task_group
def marts(as_of):
    built = tasks.build("marts", as_of)
    built >> tasks.find_duplicates(as_of) >> tasks.gate.override(task_id="gate")("marts", as_of)


@task_group
def scores(as_of):
    trained = tasks.train.partial(as_of=as_of).expand(score=tasks.missing_models())
    scored = tasks.score.partial(as_of=as_of).expand(score=tasks.due_scores())
    trained >> scored >> tasks.build("scores", as_of) >> tasks.gate.override(task_id="gate")("scores", as_of)


@task_group
def asks(as_of):
    tasks.build("asks", as_of) >> tasks.gate.override(task_id="gate")("asks", as_of)


@task_group
def approval(as_of):
    tasks.record_approval(as_of, tasks.ask_for_approval(as_of).output)


@dag(
    schedule="0 3 * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    deadline=NIGHT_ENDS,
    params=PARAMS,
    doc_md=__doc__,
    tags=["nightly"],
)
def nightly():
    as_of = tasks.run_date()
    choice, published = tasks.hold_or_publish(as_of), tasks.publish(as_of)
    built = tasks.take_turn() >> landing(as_of) >> staging(as_of) >> linkage(as_of) >> marts(as_of)
    built >> scores(as_of) >> asks(as_of) >> choice
    choice >> approval(as_of) >> published
    choice >> published >> tasks.pages(as_of).as_teardown()


nightly_dag = nightly()
