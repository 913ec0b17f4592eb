"""### Training

Every Sunday: feature rows of past elections are built, a challenger is trained for every score, judged on the latest election
that it has not seen, and promoted only if it beats the champion and its floors. Nothing is published here; the next night
scores with whatever is champion then.
"""

from airflow.sdk import dag

from dags.shared import tasks
from dags.shared.defaults import DEFAULTS, PARAMS, START


@dag(
    schedule="0 12 * * 0",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params=PARAMS,
    doc_md=__doc__,
    tags=["weekly"],
)
def train():
    as_of = tasks.run_date()
    staged = tasks.build.override(task_id="build_staging")("staging", as_of, training=True)
    built = tasks.build.override(task_id="build_marts")("marts", as_of, training=True)
    (
        tasks.take_turn()
        >> staged
        >> tasks.link(as_of)
        >> built
        >> tasks.train.partial(as_of=as_of).expand(score=tasks.due_scores())
    )


train_dag = train()
