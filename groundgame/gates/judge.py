"""Great Expectations over a profile frame: which limits does which number break? Nothing else imports Great Expectations.

The frame has one row and one column per number, so an expectation on a column's maximum is an expectation on that number, and a
number that is null breaks it. (An expectation on column values passes on nulls and on an empty frame.)
"""

from __future__ import annotations

import logging
import os
import warnings
from typing import Any

from groundgame.gates.spec import Limits

Limit = tuple[str, str, Limits]  # column, level (hold or fail), range


class Judge:
    """One ephemeral context, that phones nobody and draws no progress bar; made once per gate run."""

    def __init__(self) -> None:
        os.environ["GX_ANALYTICS_ENABLED"] = "False"
        with warnings.catch_warnings():
            # Its dependencies import modules that the standard library deprecates; nothing here can act on that.
            warnings.simplefilter("ignore", DeprecationWarning)
            import great_expectations as gx
            from great_expectations.data_context.types.base import (
                DataContextConfig,
                InMemoryStoreBackendDefaults,
                ProgressBarsConfig,
            )

        # Its logger sets no level of its own and tells of every step at INFO.
        logging.getLogger("great_expectations").setLevel(logging.WARNING)
        self._gx = gx
        config = DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        )
        context = gx.get_context(mode="ephemeral", project_config=config)
        self._source = context.data_sources.add_pandas("profiles")

    def broken(self, name: str, values: dict[str, float | None], limits: list[Limit]) -> set[tuple[str, str]]:
        """Judge one profile; returns the (column, level) pairs that are broken.

        An expectation that raised counts as broken, and so does one that Great Expectations does not answer.
        """
        import pandas as pd

        if not values or not limits:
            raise ValueError("an empty profile cannot be judged")
        frame = pd.DataFrame({column: pd.Series([value], dtype="float64") for column, value in values.items()})
        asset = self._source.add_dataframe_asset(name)
        batch = asset.add_batch_definition_whole_dataframe(name).get_batch(batch_parameters={"dataframe": frame})
        suite = self._gx.ExpectationSuite(name=name, expectations=[self._expectation(*limit) for limit in limits])
        outcome = batch.validate(suite, result_format="BOOLEAN_ONLY")
        kept = {_pair(result) for result in outcome.results if result.success and not _raised(result.exception_info)}
        return {(column, level) for column, level, _ in limits} - kept

    def _expectation(self, column: str, level: str, limits: Limits) -> Any:
        return self._gx.expectations.ExpectColumnMaxToBeBetween(
            column=column, min_value=limits.at_least, max_value=limits.at_most, meta={"level": level}
        )


def _pair(result: Any) -> tuple[str, str]:
    config = result.expectation_config
    return config.kwargs["column"], config.meta["level"]


def _raised(info: dict[str, Any] | None) -> bool:
    """Whether an expectation raised; the facts are either at the top or one level down, keyed by metric."""
    if not info:
        return False
    nested = [value for value in info.values() if isinstance(value, dict)]
    return bool(info.get("raised_exception")) or any(value.get("raised_exception") for value in nested)
