"""A spec is data with a bouncer: what is wrong is named by file and field."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from groundgame.config import load_settings
from groundgame.errors import SpecError
from models_py.spec import load_scores, load_spec, read_spec


def test_shipped_turnout_spec_is_valid_and_every_feature_says_what_it_means() -> None:
    spec = load_spec(load_settings(), "turnout")
    assert spec.score == "turnout"
    assert all(feature.meaning for feature in spec.features)
    assert spec.floors.beats == ["count_of_votes", "logistic"]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("  leaves: 4", "  leafs: 4", "boosting.leaves"),
        ("auc_at_least: 0.65", "auc_at_least: 1.65", "floors.auc_at_least"),
        ('status: ["active", "inactive"]', "status: [active, NO]", "line 7"),
        ('kind: numeric, meaning: "age on', 'kind: number, meaning: "age on', "features.1.kind"),
        ("{name: sex,", "{name: age,", "score"),
        ("score: turnout", "score: turnouts", "score"),
        ("features: [municipal_1]", "features: [race]", "score"),
        ("calibrate_share: 0.2", "calibrate_share: 0.45", "folds"),
        ("trees: 300", "trees: 300\n  trees: 100", "line 54"),
    ],
)
def test_a_wrong_spec_is_refused_with_its_field(scores_dir: Path, old: str, new: str, field: str) -> None:
    path = scores_dir / "turnout.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_spec(path)
    assert caught.value.field.startswith(field.split(" ")[0])
    assert "turnout.yml" in str(caught.value)


def test_an_unknown_score_is_named_with_the_declared_ones(scores_dir: Path) -> None:
    with pytest.raises(SpecError, match=r"suport: no such score .* turnout"):
        load_spec(load_settings(scores_dir=scores_dir), "suport")


def test_dropping_one_file_into_the_folder_declares_a_score(scores_dir: Path) -> None:
    text = (scores_dir / "turnout.yml").read_text(encoding="utf-8")
    (scores_dir / "habit.yml").write_text(text.replace("score: turnout", "score: habit"), encoding="utf-8")
    assert list(load_scores(load_settings(scores_dir=scores_dir))) == ["contactability", "habit", "support", "turnout"]


def test_reading_specs_imports_nothing_heavy() -> None:
    """DAGs read the catalog when they are parsed."""
    code = (
        "import sys, models_py.spec; from groundgame.config import load_settings; "
        "models_py.spec.load_scores(load_settings()); "
        "heavy = {'pandas', 'lightgbm', 'sklearn', 'numpy', 'duckdb', 'pyarrow', 'matplotlib'} & set(sys.modules); "
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
