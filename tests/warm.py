"""What every process of the tests' fork server starts with: all of the product imported, and its dbt project parsed for both places.

Without it each process that is killed, and each that comes after it, would spend some seconds on nothing that a test asks about.
"""

from __future__ import annotations

import importlib
import pkgutil
import tempfile

import great_expectations  # noqa: F401
import lightgbm  # noqa: F401
import matplotlib.pyplot  # noqa: F401
import pytest  # noqa: F401
import sklearn.isotonic
import sklearn.linear_model  # noqa: F401
import splink  # noqa: F401

import groundgame
import models_py
from groundgame.config import load_settings
from groundgame.warehouse import dbt

for room in (groundgame, models_py):
    for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)

with tempfile.TemporaryDirectory() as folder:
    settings = load_settings(home=folder, threads=1)
    for place in (settings, settings.of_field()):
        dbt.project(place)
