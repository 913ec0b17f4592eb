"""Real layouts with fake rows: what lands and what is refused, for every file that a shipped spec reads.

``python -m benchmarks.layouts [DATA]``, where DATA holds ``nvf_faker_<state>.csv.gz`` (MIT; not shipped). The values are random, so
rows that contradict themselves are refused here as they would be in a state's file.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from groundgame import stages
from groundgame.config import ROOT, load_settings
from groundgame.errors import GroundgameError
from groundgame.sources.catalog import load_catalog
from groundgame.warehouse.base import open_warehouse

DATA = ROOT.parent / "shared" / "data" / "layouts"
# The name under which each state's file arrives, as its spec expects it.
NAMES = {"nc": "nc/ncvoter_20220226.txt.gz", "oh": "oh/SWVF_1_22_20220226.txt.gz"}


def main() -> None:
    """Land every layout file that a spec exists for and tell rows, refusals and their rules."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=DATA)
    data = parser.parse_args().data
    console = Console(width=160)
    table = Table("file", "rows in", "landed", "refused", "why", "held")
    for file in sorted(data.glob("nvf_faker_*.csv.gz")):
        table.add_row(file.name, *_land(file))
    console.print(table if table.row_count else f"skipped: no nvf_faker_*.csv.gz in {data.name}/")


def _land(file: Path) -> tuple[str, ...]:
    state = file.name.removeprefix("nvf_faker_")[:2]
    if state not in load_catalog(load_settings()) or state not in NAMES:
        return ("", "", "", "no spec for this state yet", "")
    with tempfile.TemporaryDirectory(prefix="groundgame-layout-") as folder:
        settings = load_settings(home=Path(folder) / "home", inbox=Path(folder) / "inbox")
        target = settings.inbox_dir / NAMES[state]
        target.parent.mkdir(parents=True)
        shutil.copy(file, target)
        try:
            result = stages.land(settings, state, dt.date(2026, 1, 1))
        except GroundgameError as error:
            return ("", "", "", str(error), "")
        with open_warehouse(settings, read_only=True) as warehouse:
            refused = warehouse.fetch("select rule, column_name from ops.quarantined_lines").to_pylist()
            held = (
                warehouse.fetch("select hold_reasons from ops.loaded_files where verdict = 'hold'")
                .column(0)
                .to_pylist()
            )
    why = Counter(f"{row['rule']} {row['column_name'] or ''}".strip() for row in refused)
    reasons = ", ".join(f"{rule}: {count}" for rule, count in sorted(why.items()))
    return (str(result.rows_in), str(result.rows_out), str(result.rows_quarantined), reasons, "; ".join(held))


if __name__ == "__main__":
    main()
