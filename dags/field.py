"""### The field, every five minutes

New reports in, goals against actuals out: **land → build → gate → publish → pages**, in one task and a
warehouse of its own (`field.duckdb`; on a server a database beside the nights'), so no batch waits for a night and no night for a batch.

* A red gate or an open hold leaves readers what they have; the next batch judges again. A held one is let out with
  `GROUNDGAME_PLACE=field groundgame approve --as-of TODAY --by NAME --reason WHY`.
* A batch that still runs when the next one is due lets that one pass. When somebody was forgotten while a night holds its warehouse,
  the batch is skipped and says so.
"""

from datetime import timedelta

from airflow.sdk import dag

from dags.shared import tasks
from dags.shared.defaults import DEFAULTS, PARAMS, START


@dag(
    schedule="*/5 * * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    # The next batch is the retry.
    default_args={**DEFAULTS, "retries": 0, "execution_timeout": timedelta(minutes=30), "pool": "default_pool"},
    params=PARAMS,
    doc_md=__doc__,
    tags=["field"],
)
def field():
    tasks.field(tasks.run_date())


field_dag = field()
