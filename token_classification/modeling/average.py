"""One model from several trainings: the mean of their weights."""

import json
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from token_classification.errors import UserError

logger = logging.getLogger(__name__)

WEIGHTS_FILE, CONFIG_FILE, RUN_FILE = "model.safetensors", "config.json", "run.json"
MODEL_FILES = (CONFIG_FILE, "tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "*.model", "*.py")
"""What a model folder needs beside its weights"""


def average_models(folders: Sequence[Path], target: Path) -> None:
    """Write the model whose weights are the mean of those of several trained models.

    Trainings that begin with the same weights and see the data in another order end in the same basin of the loss;
    their mean scores better than each of them and costs no more to run (model soups, Wortsman et al., 2022).

    Args:
        folders: Models of the same shape and label names, two or more.
        target: A new folder; gets weights, config and tokenizer.

    Raises:
        UserError: fewer than two models, models that don't fit together, or a target that holds something.
    """
    if len(folders) < 2:
        raise UserError("average needs two models or more: token_classification average RUN_A RUN_B -r OUT")
    if target.exists() and any(target.iterdir()):
        raise UserError(f"-r {target}: holds something already; give a new folder.")
    _check_labels(folders)
    _warn_of_other_beginnings(folders)
    mean = _average_weights(folders)
    target.mkdir(parents=True, exist_ok=True)
    for pattern in MODEL_FILES:
        for path in sorted(folders[0].glob(pattern)):
            shutil.copyfile(path, target / path.name)
    save_file(mean, target / WEIGHTS_FILE, metadata={"format": "pt"})


def _check_labels(folders: Sequence[Path]) -> None:
    names = {}
    for folder in folders:
        for file in (CONFIG_FILE, WEIGHTS_FILE):
            if not (folder / file).is_file():
                raise UserError(f"{folder}: no {file}; accepted: the output folders of trainings.")
        names[folder] = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8")).get("id2label")
    for folder in folders[1:]:
        if names[folder] != names[folders[0]]:
            raise UserError(
                f"{folder}: other label names than {folders[0]}; only models for the same labels can be averaged "
                "(train them with the same --labels file)."
            )


def _warn_of_other_beginnings(folders: Sequence[Path]) -> None:
    """Two heads from other random numbers have nothing in common: their mean is no head."""
    runs = [json.loads((folder / RUN_FILE).read_text("utf-8")) for folder in folders if (folder / RUN_FILE).is_file()]
    if len({run["seed"] for run in runs}) > 1:
        logger.warning(
            "These trainings began with different heads (--seed), so their mean may be worse than each of them: give "
            "them the same --seed and different --data_seed."
        )


def _average_weights(folders: Sequence[Path]) -> dict[str, torch.Tensor]:
    """Mean of each weight, in its own precision; counters and the like, which are whole numbers, are the first one's.

    Raises:
        UserError: a model has other weights than the first one.
    """
    mean = load_file(folders[0] / WEIGHTS_FILE)
    for number, folder in enumerate(folders[1:], start=2):
        weights = load_file(folder / WEIGHTS_FILE)
        for name in mean.keys() | weights.keys():
            if name not in mean or name not in weights or mean[name].shape != weights[name].shape:
                raise UserError(f"{folder}: another architecture than {folders[0]} (weight {name}).")
            if mean[name].is_floating_point():
                mean[name].lerp_(weights[name], 1 / number)
    return mean
