"""### Forget a person

Somebody asked the campaign to be forgotten: trigger this run with her id (`NC-AA123`, `app:user_id`, or of who works
in the field `van#4711` or `node#vol-17`) and how she asked. She is removed
from every layer and every published run tonight, everything is searched once more, and a keyed tombstone keeps her out of later files.

* The id is masked in logs and in no XCom. Airflow keeps a run's conf, though: **delete this DAG run when it is green**, or use
  `groundgame forget -`, which leaves nothing behind.
* Red means that it has to run again for the same person; `groundgame doctor` names what is unfinished.
* No publication happens meanwhile; readers get the served run without her as soon as this one is green.
"""

from airflow.sdk import Param, dag

from dags.shared import tasks
from dags.shared.defaults import DEFAULTS, PARAMS, START

WHO = "NC-AA123 for a voter, app:user_id for an app; van#4711 or node#vol-17 for who works in the field"
SUBJECT = Param(type="string", minLength=4, title="Who", description=WHO)
REASON = Param("asked by letter", type="string", title="How she asked", description="Without any name or id.")


@dag(
    schedule=None,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params={**PARAMS, "subject": SUBJECT, "reason": REASON},
    doc_md=__doc__,
    tags=["privacy"],
)
def forget():
    tasks.forget(tasks.run_date())


forget_dag = forget()
