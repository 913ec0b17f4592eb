"""The shipped support score's training on a real survey: a fifth of respondents after the other judged by models that never saw them.

``python -m benchmarks.support [FILE]``, where FILE is ``tv16_half.csv.gz`` (half of CCES 2016; not shipped).
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import yaml
from rich.console import Console
from rich.table import Table

from groundgame.config import ROOT, Settings, load_settings
from groundgame.warehouse import ops
from groundgame.warehouse.base import open_warehouse
from models_py import registry
from models_py.encode import FEATURES_TABLE
from models_py.train import train

FILE = ROOT.parent / "shared" / "data" / "support" / "tv16_half.csv.gz"
AS_OF = dt.date(2017, 1, 1)
SPEC = ROOT / "benchmarks" / "surveys" / "support.yml"
OF_THE_SHIPPED = ("sample", "folds", "boosting", "calibration")
PARTY = '  - {name: party, kind: categorical, meaning: "party that the respondent names, seven steps"}\n'
NUMBERS = {
    "age": "age",
    "female": "female",
    "college": "collegeed",
    "born_again": "bornagain",
    "religion_importance": "religimp",
    "church_attendance": "churchatd",
    "prayer": "prayerfreq",
}
WORDS = {"state": "state", "race": "racef", "party": "pid7na", "income": "famincr"}


def main() -> None:
    """Train with religion and without party, then with party; print the judged figures beside the logistic regression's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=FILE)
    file = parser.parse_args().file
    console = Console(width=160)
    if not file.exists():
        console.print(f"skipped: there is no {file.name}; give its path as argument")
        return
    table = Table("features", "model", "AUC", "95%", "ECE", "worst decile gap", "Brier", title="respondents held out")
    for title, extra in (("religion, no party", ""), ("party too", PARTY)):
        with tempfile.TemporaryDirectory(prefix="groundgame-support-") as home:
            scores = Path(home) / "scores"
            scores.mkdir()
            (scores / SPEC.name).write_text(survey_spec(extra), encoding="utf-8")
            settings = load_settings(home=Path(home), scores_dir=scores)
            _respondents(settings, file)
            version = train(settings, "support", AS_OF).details["version"]
            judged = registry.load(settings, "support", version).card["judged"]
        for name in ("model", "logistic"):
            figures, low_high = judged["metrics"][name], judged["intervals"][name]["auc"]
            values = [f"{figures[key]:.4f}" for key in ("ece", "worst_decile_gap", "brier")]
            interval = f"{low_high[0]:.4f} to {low_high[1]:.4f}"
            table.add_row(title, name, f"{figures['auc']:.4f}", interval, *values)
    console.print(table, f"{judged['rows']:,} respondents", highlight=False)


def survey_spec(more_features: str = "") -> str:
    """The survey's columns with the shipped score's training, as the text of a score's YAML."""
    text = SPEC.read_text(encoding="utf-8").replace("features:\n", f"features:\n{more_features}", 1)
    shipped = yaml.safe_load((load_settings().scores_dir / SPEC.name).read_text(encoding="utf-8"))
    return text + "\n" + yaml.safe_dump({key: shipped[key] for key in OF_THE_SHIPPED}, sort_keys=False)


def _respondents(settings: Settings, file: Path) -> None:
    """Respondents who told their vote, in the columns that training reads."""
    raw = pyarrow.csv.read_csv(file)
    told = raw.filter(pc.is_valid(raw["votetrump"]))
    rows = told.num_rows
    ids = pc.cast(told["uid"], pa.string())
    every: dict[str, Any] = {
        "as_of_role": "tonight",
        "status": "active",
        "experiment_arm": "",
        "target_election_kind": "presidential",
        "county_code": "",
    }
    features = {
        "voter_id": ids,
        "household_id": ids,
        "as_of_date": pa.array([AS_OF] * rows, pa.date32()),
        "target_election_date": pa.array([AS_OF] * rows, pa.date32()),
        "is_scorable": pa.array([True] * rows),
        **{name: pa.array([value] * rows, pa.string()) for name, value in every.items()},
        **{name: told[column] for name, column in NUMBERS.items()},
        **{name: pc.cast(told[column], pa.string()) for name, column in WORDS.items()},
    }
    answers = {
        "voter_id": ids,
        "answered_on": pa.array([AS_OF - dt.timedelta(days=30)] * rows, pa.date32()),
        "support_level": pc.if_else(pc.equal(told["votetrump"], 1), 1, 5),
        "contact_type": pa.array(["survey"] * rows),
    }
    with open_warehouse(settings) as warehouse:
        for schema in ("marts", "intermediate"):
            warehouse.execute(f"create schema if not exists {schema}")
        warehouse.replace(FEATURES_TABLE, pa.table(features))
        warehouse.replace("intermediate.int_support__answered", pa.table(answers))
        ops.set_run_parameters(warehouse, AS_OF, True)


if __name__ == "__main__":
    main()
