"""The published scores of a synthetic state against what its voters then did: the truth file that the pipeline never reads.

``python -m benchmarks.truth HOME TRUTH``: HOME of a finished night, TRUTH the state's ``truth/voters.parquet``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
import numpy as np
from rich.console import Console
from sklearn.metrics import roc_auc_score

from groundgame.config import load_settings

BINS = 10


def main() -> None:
    """AUC, calibration error over ten equal bins and worst decile gap of the published turnout scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("truth", type=Path)
    arguments = parser.parse_args()
    published = load_settings(home=arguments.home).published_dir / "current.duckdb"
    rows = (
        duckdb.connect(str(published), read_only=True)
        .execute(
            "select score_raw, cast(voted_next_general as integer), true_turnout_propensity"
            " from marts.voter_score_history s join read_parquet(?) t on s.voter_id = 'NC-' || t.voter_id"
            " where score_name = 'turnout' order by score_raw, 2, t.voter_id",
            [str(arguments.truth)],
        )
        .fetchnumpy()
    )
    score, voted, propensity = (np.asarray(column) for column in rows.values())
    parts = np.array_split(np.arange(len(score)), BINS)
    gaps = [abs(score[part].mean() - voted[part].mean()) for part in parts]
    Console().print(
        f"{len(score):,} scored · AUC {roc_auc_score(voted, score):.4f} (with the true propensity "
        f"{roc_auc_score(voted, propensity):.4f}) · ECE {np.mean(gaps):.4f} · worst decile gap {max(gaps):.4f} · "
        f"mean score {score.mean():.3f}, turnout {voted.mean():.3f}",
        highlight=False,
    )


if __name__ == "__main__":
    main()
