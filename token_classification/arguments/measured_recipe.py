"""The settings that `docs/recipes.md` measured: `tune` tries them, and a training with a time budget takes them."""

from collections.abc import Mapping

MEASURED_RECIPE: Mapping[str, int | float] = {
    "learning_rate": 1e-4,
    "head_learning_rate": 1e-3,
    "per_device_train_batch_size": 16,
    "num_train_epochs": 4,
}
"""Flag of `run_ner.py` -> its value"""
