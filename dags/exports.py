"""### Let a list out

Walk and call lists, an audience, counts by ZIP code: made of what is published now, after **a person has approved it** (Required Actions).

* Say what it is for. A list without a purpose, or for one that its recipient is not made for, is refused.
* *Only* narrows it: `turnout_score>=30`, `county_code=32`, `party=democratic`, one condition a line; all of them must be met.
* A *survey* asks all arms of one experiment alike: name the experiment, and the list tells nobody who was treated.
* Suppression comes last: without a list of people who must not be contacted (`suppression/do_not_contact_YYYY-MM-DD.csv` in the inbox)
  that is fresh, nothing is made.
* The files are in the folder that the task's log names, readable by their owner alone, until the next night is published.
"""

from airflow.sdk import Param, dag

from dags.shared import tasks
from dags.shared.defaults import DEFAULTS, PARAMS, START
from groundgame.publish.exports.request import PURPOSES, RECIPIENT_NAMES

RECIPIENT = Param(RECIPIENT_NAMES[0], enum=list(RECIPIENT_NAMES), title="Which list")
PURPOSE = Param(PURPOSES[0], enum=list(PURPOSES), title="What for")
# Airflow's form cannot be sent while a text that may not be null is empty.
MAYBE, LINES = ["null", "string"], ["null", "array"]
ONLY = Param(None, type=LINES, items={"type": "string"}, title="Only", description="One condition a line.")
ARM = Param(None, type=MAYBE, title="Arm", description="experiment:arm, for a list that treats one arm of it.")
EXPERIMENT = Param(None, type=MAYBE, title="Experiment", description="For a survey: whose arms are asked, all alike.")


@dag(
    schedule=None,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params={**PARAMS, "recipient": RECIPIENT, "purpose": PURPOSE, "only": ONLY, "arm": ARM, "experiment": EXPERIMENT},
    doc_md=__doc__,
    tags=["exports"],
)
def exports():
    tasks.export(tasks.run_date(), tasks.ask_to_let_out().output)


exports_dag = exports()
