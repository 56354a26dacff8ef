"""The settings that `docs/recipes.md` measured: what `tune` tries, and `distill` and a time budget take."""

from collections.abc import Mapping

MEASURED_RECIPE: Mapping[str, int | float] = {
    "learning_rate": 1e-4,
    "head_learning_rate": 1e-3,
    "per_device_train_batch_size": 16,
    "num_train_epochs": 4,
}
"""Flag of `run_ner.py` -> its value"""
OF_STUDENTS: Mapping[str, int | float] = {
    **MEASURED_RECIPE,
    "learning_rate": 2e-4,
    "layerwise_lr_decay": 0.9,
    "num_train_epochs": 5,
}
"""The same for `distill`, as it was measured with four seeds"""
