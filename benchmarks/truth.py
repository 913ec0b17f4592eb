"""The published scores of a synthetic state against what is really so of its voters: the truth file that the pipeline never reads.

``python -m benchmarks.truth HOME TRUTH``: HOME of a finished night, TRUTH the state's ``truth/voters.parquet``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from sklearn.metrics import roc_auc_score

from groundgame.config import load_settings

BINS = 10
# Each score's true probability, and the outcome where one was drawn.
TRUTHS = {"turnout": ("true_turnout_propensity", "voted_next_general"), "support": ("true_support", None)}


def main() -> None:
    """AUC, calibration error over ten equal bins, worst decile gap and calibration slope of the published scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("truth", type=Path)
    arguments = parser.parse_args()
    published = load_settings(home=arguments.home).published_dir / "current.duckdb"
    console = Console(width=200)
    with duckdb.connect(str(published), read_only=True) as connection:
        for name, (propensity, outcome) in TRUTHS.items():
            # What nobody lived through is drawn here, once for all, from the truth itself.
            drawn = (
                f"cast({outcome} as integer)"
                if outcome
                else f"cast(hash(t.voter_id) % 1000000 < 1e6 * {propensity} as integer)"
            )
            rows = connection.execute(
                f"select score_raw, {drawn}, {propensity} from marts.voter_score_history s"
                " join read_parquet(?) t on s.voter_id = 'NC-' || t.voter_id join marts.run_status r using (as_of_date)"
                " where score_name = ? order by score_raw, 2, t.voter_id",
                [str(arguments.truth), name],
            ).fetchnumpy()
            score, did, truth = (np.asarray(column, dtype=np.float64) for column in rows.values())
            console.print(f"{name}: {_told(score, did, truth) if len(score) else 'not published'}", highlight=False)


def _told(score: NDArray[np.float64], did: NDArray[np.float64], truth: NDArray[np.float64]) -> str:
    parts = np.array_split(np.arange(len(score)), BINS)
    gaps = [abs(score[part].mean() - did[part].mean()) for part in parts]
    return (
        f"{len(score):,} scored · AUC {roc_auc_score(did, score):.4f} (with the true propensity "
        f"{roc_auc_score(did, truth):.4f}) · ECE {np.mean(gaps):.4f} · worst decile gap {max(gaps):.4f} · "
        f"mean score {score.mean():.3f}, outcome {did.mean():.3f} · true propensity on score: slope {np.polyfit(score, truth, 1)[0]:.3f}"
    )


if __name__ == "__main__":
    main()
