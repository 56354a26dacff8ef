"""One model from several trainings: the mean of their weights."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from token_classification.arguments.model import ModelArguments
from token_classification.data.results_folder import claim_files, lock_new_folder
from token_classification.data.whole_files import writing_file_set
from token_classification.errors import UserError
from token_classification.modeling.adapter_base import list_stale_weights, list_weights, read_adapter, read_mapping
from token_classification.modeling.build import load_config
from token_classification.output_text import quote_path

logger = logging.getLogger(__name__)

WEIGHTS_FILE, CONFIG_FILE, RUN_FILE = "model.safetensors", "config.json", "run.json"
MODEL_FILES = (CONFIG_FILE, "tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "*.model", "*.py")
"""What a model folder needs beside its weights"""
CALIBRATION = "calibration.json"
TRAINING_RECORDS = (RUN_FILE, "train_results.json", "trainer_state.json")
RECORDS = (*TRAINING_RECORDS, CALIBRATION)
"""What says how a model was trained, and what its scores mean"""
FUNCTION_KEYS = ("model_type", "hidden_act", "head_activation")
"""What weights of the same shapes are used for"""


def average_models(folders: Sequence[Path], target: Path) -> None:
    """Write the model whose weights are the mean of those of several trained models, all of its files or none.

    Trainings that begin with the same weights and see the data in another order end in the same basin of the loss;
    their mean scores better than each of them and costs no more to run (model soups, Wortsman et al., 2022).

    Args:
        folders: Models of the same shape and label names, two or more.
        target: A new folder; gets weights, config and tokenizer.

    Raises:
        UserError: fewer than two models, broken ones, models that don't fit together, or a target that holds something
            or can't be written to.
    """
    if len(folders) < 2:
        raise UserError("average needs two models or more: token_classification average RUN_A RUN_B -r OUT")
    _check_labels(folders)
    _warn_of_other_beginnings(folders)
    with lock_new_folder(target, "-r"):
        mean = _average_weights(folders)
        with writing_file_set(target) as unfinished:
            for path in _list_model_files(folders[0]):
                shutil.copyfile(path, unfinished / path.name)
            if "head_layers" in read_mapping(folders[0] / CONFIG_FILE):
                # With the class that computes it, and as today's versions write it.
                load_config(ModelArguments(str(folders[0]))).save_pretrained(unfinished)
            save_file(mean, unfinished / WEIGHTS_FILE, metadata={"format": "pt"})


def copy_model(source: Path, target: Path) -> None:
    """Copy a model, with its tokenizer and the record of its training, into a folder: all files or none.

    Raises:
        UserError: the folder can't be written to.
    """
    with writing_file_set(target, stale=[*RECORDS, *list_stale_weights(source, target)]) as unfinished:
        records = [source / name for name in RECORDS if (source / name).is_file()]
        for path in [*_list_model_files(source), *list_weights(source), *records]:
            shutil.copyfile(path, unfinished / path.name)
        claim_files(target, sorted(path.name for path in unfinished.iterdir()))


def _list_model_files(folder: Path) -> list[Path]:
    return sorted({path for pattern in MODEL_FILES for path in folder.glob(pattern) if path.is_file()})


def _check_labels(folders: Sequence[Path]) -> None:
    configs = {}
    for folder in folders:
        if read_adapter(folder) is not None:
            raise UserError(
                f"{folder}: an adapter (PEFT), and the mean of adapters is not that of their models; accepted: whole "
                f"models; type: token_classification merge -m {quote_path(folder)} -r OTHER_FOLDER, and average these"
            )
        for file in (CONFIG_FILE, WEIGHTS_FILE):
            if not (folder / file).is_file():
                raise UserError(f"{folder}: no {file}; accepted: the output folders of trainings.")
        configs[folder] = read_mapping(folder / CONFIG_FILE)
    first = configs[folders[0]]
    for folder in folders[1:]:
        for key in FUNCTION_KEYS:
            if configs[folder].get(key) != first.get(key):
                raise UserError(
                    f"{folder}: {key} is {configs[folder].get(key)}, and {first.get(key)} in {folders[0]}; accepted: "
                    "models that compute the same with their weights."
                )
        if configs[folder].get("id2label") != first.get("id2label"):
            raise UserError(
                f"{folder}: other label names than {folders[0]}; only models for the same labels can be averaged "
                "(train them with the same --labels file)."
            )


def _warn_of_other_beginnings(folders: Sequence[Path]) -> None:
    """Two heads from other random numbers have nothing in common: their mean is no head."""
    runs = [read_mapping(folder / RUN_FILE) for folder in folders if (folder / RUN_FILE).is_file()]
    if len({run["seed"] for run in runs if isinstance(run.get("seed"), int)}) > 1:
        logger.warning(
            "These trainings began with different heads, because their seeds differ: their mean may be worse than "
            "each of them. Give them one seed and each another order of the data: run_ner.py --data_seed N (a spec "
            "has no key for it)."
        )


def _average_weights(folders: Sequence[Path]) -> dict[str, torch.Tensor]:
    """Mean of each weight, in its own precision; counters and the like, which are whole numbers, are the first one's.

    Raises:
        UserError: broken weights, or a model has other weights than the first one.
    """
    mean = _load_weights(folders[0])
    for number, folder in enumerate(folders[1:], start=2):
        weights = _load_weights(folder)
        for name in mean.keys() | weights.keys():
            if name not in mean or name not in weights or mean[name].shape != weights[name].shape:
                raise UserError(f"{folder}: another architecture than {folders[0]} (weight {name}).")
            if mean[name].dtype != weights[name].dtype:
                raise UserError(
                    f"{folder}: weight {name} is in {weights[name].dtype}, and in {mean[name].dtype} in {folders[0]}; "
                    "accepted: models saved in one precision."
                )
            if mean[name].is_floating_point():
                mean[name].lerp_(weights[name], 1 / number)
    return mean


def _load_weights(folder: Path) -> dict[str, torch.Tensor]:
    path = folder / WEIGHTS_FILE
    try:
        weights = load_file(path)
    except SafetensorError as error:
        raise UserError(f"{path}: broken ({error}); accepted: whole weights; copy or train the model anew.") from None
    for name, weight in weights.items():
        if weight.is_floating_point() and not torch.isfinite(weight).all():
            raise UserError(f"{path}: weight {name} holds values that are no numbers; leave this model out.")
    return weights
