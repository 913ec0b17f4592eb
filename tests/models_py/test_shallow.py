"""Tables of a regression, as an uplift score is one: its leaves add up to the answer itself."""

from __future__ import annotations

import numpy as np

from models_py.boost import fit_regression
from models_py.encode import Encoding
from models_py.shallow import read_shallow
from models_py.uplift import SMALL


def test_a_looked_up_effect_is_lightgbms_own_to_the_bit_and_has_no_reasons() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20_001, 4)).astype(np.float32)
    x[::7, 1] = np.nan
    effect = 0.08 + 0.1 * np.nan_to_num(x[:, 0]) * np.nan_to_num(x[:, 1]) + rng.normal(size=len(x))
    model = fit_regression(x, effect, Encoding(("a", "b", "c", "d"), {}), SMALL, 1)
    trees = read_shallow(model.text, [-1] * 4)
    assert trees is not None
    raw, reasons = trees.predict(list(x.T))
    np.testing.assert_array_equal(raw, model.predict(x, 1))
    assert not reasons.any()


def test_a_model_that_learned_nothing_gives_everybody_its_one_answer_and_no_reason() -> None:
    x = np.random.default_rng(1).normal(size=(50, 2)).astype(np.float32)
    model = fit_regression(x, np.full(50, 0.25), Encoding(("a", "b"), {}), SMALL, 1)
    trees = read_shallow(model.text, [0, 1])
    assert trees is not None
    raw, reasons = trees.predict(list(x.T))
    np.testing.assert_array_equal(raw, model.predict(x, 1))
    assert not reasons.any()
