"""Real voters: the Gerber-Green-Larimer experiment through the whole chain, described by one YAML given by path.

``python -m benchmarks.study [DATA]``, where DATA holds ``ggl2008_half.csv.gz`` (CC0; not shipped).
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from groundgame import stages
from groundgame.config import ROOT, load_settings

FILE = "ggl2008_half.csv.gz"
DATA = ROOT.parent / "shared" / "data" / "experiments"
AS_OF = dt.date(2007, 1, 1)


def main() -> None:
    """Run the night of 2007-01-01 on the study and print the judged figures beside the baselines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=DATA)
    data = parser.parse_args().data
    console = Console(width=160)
    if not (data / FILE).exists():
        console.print(f"skipped: {FILE} is not in {data.name}/; give its folder as argument")
        return
    with tempfile.TemporaryDirectory(prefix="groundgame-study-") as home:
        settings = load_settings(home=Path(home), inbox=data, sources_dir=ROOT / "benchmarks" / "studies")
        for result in stages.night(settings, AS_OF):
            console.print(result.summary(), highlight=False)
            if result.stage == "train":
                trained = result
    console.print(judged(trained.details))


def judged(details: dict[str, Any]) -> Table:
    """Model and baselines, judged on the same held-out rows."""
    table = Table("model", "AUC", "ECE", "worst decile gap", "Brier", title=f"judged on {details['judged_election']}")
    rows = {"turnout": details["metrics"], **details["baselines"]}
    for name, metrics in rows.items():
        table.add_row(name, *(f"{metrics[key]:.4f}" for key in ("auc", "ece", "worst_decile_gap", "brier")))
    return table


if __name__ == "__main__":
    main()
