"""A real experiment through the whole chain: effects of four letters, whom they move, and what is said when nothing moved anybody.

``python -m benchmarks.experiment [DATA] [--shuffles 20]``, where DATA holds ``ggl2008_half.csv.gz`` (CC0; not shipped).
"""

from __future__ import annotations

import argparse
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.study import AS_OF, DATA, FILE
from groundgame import stages
from groundgame.config import ROOT, Settings, load_settings
from groundgame.experiments.impact import measure, outcomes
from groundgame.warehouse.base import open_warehouse
from models_py.arms import read_arms, read_experiment, shuffled
from models_py.learners import Arms, fit_effects
from models_py.spec import load_spec
from models_py.uplift import SMALL, TURNOUT, UPLIFT, Verdict, judge

NAME, ARM = "social_pressure", "neighbors"
PUBLISHED = {"civic_duty": 1.8, "hawthorne": 2.6, "self": 4.9, "neighbors": 8.1}


def main() -> None:
    """Land, build, assign the file's arms, measure, judge uplift, then judge it again with arms dealt anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=DATA)
    parser.add_argument("--shuffles", type=int, default=20)
    arguments = parser.parse_args()
    console = Console(width=170)
    if not (arguments.data / FILE).exists():
        console.print(f"skipped: {FILE} is not in {arguments.data.name}/; give its folder as argument")
        return
    with tempfile.TemporaryDirectory(prefix="groundgame-experiment-") as home:
        here = ROOT / "benchmarks"
        settings = load_settings(
            home=Path(home), inbox=arguments.data, sources_dir=here / "studies", experiments_dir=here / "experiments"
        )
        arms = _effects(settings, console)
    verdict = judge(arms, settings.seed, settings.threads)
    console.print(_splits(verdict), f"{ARM}: {verdict.decision.reason}")
    texts = [fit_effects(arms, SMALL, settings.seed, threads).trees.text for threads in (1, settings.threads)]
    same = texts[0] == texts[1]
    console.print(
        f"two trainings, on one thread and on {settings.threads}: {'the same bytes' if same else 'DIFFERENT'}"
    )
    with ProcessPoolExecutor(settings.threads) as pool:
        refused = 0
        for seed, reason in enumerate(pool.map(_null, [(arms, seed) for seed in range(arguments.shuffles)])):
            refused += reason.startswith("unpublished")
            console.print(f"arms dealt anew, seed {seed}: {reason}", highlight=False)
    console.print(f"refused {refused} of {arguments.shuffles}")


def _effects(settings: Settings, console: Console) -> Arms:
    """Run the chain up to the marts, adopt the file's arms, print effects; the marts' rows of one arm and control."""
    for source in stages.due_sources(settings):
        stages.land(settings, source, AS_OF)
    for layer in ("staging", "marts"):
        stages.build(settings, layer, AS_OF)
    console.print(stages.assign(settings, NAME, AS_OF).summary(), highlight=False)
    table = Table("arm", "effect, points", "95%", "SE", "published", "voters", "control", title="against control")
    for one in measure(settings, AS_OF)[NAME]:
        interval = f"{100 * one.low:+.2f} to {100 * one.high:+.2f}"
        figures = (f"{100 * one.effect:+.2f}", interval, f"{100 * one.standard_error:.2f}", f"+{PUBLISHED[one.arm]}")
        table.add_row(one.arm, *figures, f"{one.voters:,}", f"{one.control_voters:,}")
    console.print(table)
    with open_warehouse(settings, read_only=True) as warehouse:
        experiment = read_experiment(warehouse, NAME)
        return read_arms(warehouse, load_spec(settings, "turnout"), experiment, ARM, outcomes(warehouse, experiment))


def _splits(verdict: Verdict) -> Table:
    names = (UPLIFT, TURNOUT)
    table = Table("household split", *names, title=f"Qini of {ARM}, on homes that the models never saw")
    for number, split in enumerate(verdict.splits, 1):
        table.add_row(str(number), *(f"{split[name]:.5f}" for name in names))
    table.add_row("all homes", *(f"{verdict.qini[name]:.5f}" for name in names))
    table.add_row("not below", *(f"{verdict.low[name]:.5f}" for name in names))
    return table


def _null(task: tuple[Arms, int]) -> str:
    arms, seed = task
    return judge(shuffled(arms, seed), seed, threads=1).decision.reason


if __name__ == "__main__":
    main()
