"""What `tune` searches: the settings, their ranges, and where it begins."""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from token_classification.arguments.measured_recipe import MEASURED_RECIPE

if TYPE_CHECKING:
    from optuna import Trial

Settings = Mapping[str, int | float]
"""Flag of `run_ner.py` -> its value"""

BATCH_SIZES, WEIGHT_DECAYS, LAYER_DECAYS = (8, 16, 32), (0.0, 0.01, 0.1), (1.0, 0.9, 0.8)
# Zero must be among the weight decays, not near it: with it a CPU step leaves out what no sentence uses.
SPACE: Mapping[str, Callable[["Trial", str], int | float]] = {
    "learning_rate": lambda trial, name: round_value(trial.suggest_float(name, 2e-5, 5e-4, log=True)),
    "head_learning_rate": lambda trial, name: round_value(trial.suggest_float(name, 5e-5, 1e-2, log=True)),
    "layerwise_lr_decay": lambda trial, name: trial.suggest_categorical(name, LAYER_DECAYS),
    "num_train_epochs": lambda trial, name: trial.suggest_int(name, 2, 8),
    "per_device_train_batch_size": lambda trial, name: trial.suggest_categorical(name, BATCH_SIZES),
    "warmup_steps": lambda trial, name: round_value(trial.suggest_float(name, 0.0, 0.2)),
    "weight_decay": lambda trial, name: trial.suggest_categorical(name, WEIGHT_DECAYS),
}
"""Flag of `run_ner.py` -> what chooses its value for a trial"""
DEFAULTS: Settings = {
    "learning_rate": 5e-5,
    "head_learning_rate": 5e-5,
    "layerwise_lr_decay": 1.0,
    "num_train_epochs": 3,
    "per_device_train_batch_size": 8,
    "warmup_steps": 0.0,
    "weight_decay": 0.0,
}
"""Those of `run_ner.py`, where the head learns at the rate of the encoder"""
STARTS: tuple[Settings, ...] = (DEFAULTS, {**DEFAULTS, **MEASURED_RECIPE})
"""The first trials: what is found is never worse than these"""


def choose_settings(trial: "Trial", fixed: Collection[str]) -> dict[str, int | float]:
    """Choose the settings of a trial, but for those that the user has fixed."""
    return {name: choose(trial, name) for name, choose in SPACE.items() if name not in fixed}


def round_value(value: float) -> float:
    """Round to two figures: a rate that can be typed, and as good.

    >>> round_value(0.000123456)
    0.00012
    """
    return float(f"{value:.2g}")
