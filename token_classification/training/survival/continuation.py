"""Whether a checkpoint belongs to this training: each holds a record of what is learnt from what, and how.

Going on with other labels, other data or another learning rate would end in a model that is not what its command says:
the checkpoint's weights, optimizer and schedule win, in silence.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Any, cast

from torch import nn
from transformers import PreTrainedModel

from token_classification.alignment.align import AlignedSplit
from token_classification.arguments.run import RunArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.levels import Labels
from token_classification.data.whole_files import write_whole
from token_classification.errors import UserError, list_problems
from token_classification.output_text import dump_json
from token_classification.recipe import Recipe
from token_classification.training.cpu.trained_rows import find_table
from token_classification.training.survival.damage import RECORD_FILE

logger = logging.getLogger(__name__)

SETTINGS = (
    *("seed", "data_seed", "max_grad_norm", "learning_rate", "weight_decay", "label_smoothing_factor"),
    *("train_sampling_strategy", "pack_windows", "dataloader_drop_last", "neftune_noise_alpha"),
    *("metric_for_best_model", "greater_is_better", "head_learning_rate", "layerwise_lr_decay"),
    *("optim", "optim_args", "adam_beta1", "adam_beta2", "adam_epsilon"),
    *("lr_scheduler_type", "lr_scheduler_kwargs", "warmup_steps"),
    *("label_all_tokens", "class_weights", "head_layers", "head_dropout", "head_activation", "augment"),
    *("lora_rank", "lora_alpha"),
)
"""Arguments that change what is learnt. Not those that say how long, on what hardware and how exactly."""
STEP = "--per_device_train_batch_size x --gradient_accumulation_steps x processes"
FINGERPRINT_COLUMNS = 4
"""Numbers of each row of the embedding table that tell two encoders apart: training changes all of a row"""


def describe_training(
    model: PreTrainedModel,
    aligned: Mapping[str, AlignedSplit],
    label_set: Labels,
    arguments: RunArguments,
    recipe: Recipe,
) -> dict[str, Any]:
    """Describe a training that is about to start or to be continued, for its record.

    Args:
        model: As it was loaded, with nothing of a checkpoint in it.
        aligned: The splits that are learnt from and evaluated on.
        label_set: The labels, in id order.
        arguments: How it is trained; of those of the data only what is not seen in the splits.
        recipe: What the TAO dialect does otherwise.
    """
    learnt_from = ["train"] if arguments.training.eval_strategy == "no" else ["train", "validation"]
    record = {
        "labels": list(label_set.names),
        "encoder": {"name": model.name_or_path, "fingerprint": _fingerprint_encoder(model, recipe)},
        "data": {split: _describe_split(aligned[split]) for split in learnt_from},
        "settings": _list_settings(arguments, recipe),
    }
    # As it will be read again: tuples are lists then.
    return json.loads(dump_json(record))


def write_record(checkpoint: Path, record: Mapping[str, Any]) -> None:
    """Write the record of a training into the folder of a checkpoint, which is made if needed."""
    checkpoint.mkdir(parents=True, exist_ok=True)
    write_whole(checkpoint / RECORD_FILE, dump_json(record))


def check_continuation(checkpoint: Path, record: Mapping[str, Any]) -> None:
    """Compare the record of this training with that of a checkpoint.

    Raises:
        UserError: they are two trainings; the message says in what they differ.
    """
    path = checkpoint / RECORD_FILE
    if path.is_file():
        problems = list(_compare(json.loads(path.read_text(encoding="utf-8")), record))
    else:
        labels = _read_labels(checkpoint)
        problems = [] if labels is None else list(_compare_labels(labels, record["labels"]))
        logger.warning("%s has no %s: nobody can tell whether it belongs to this training.", checkpoint, RECORD_FILE)
    if problems:
        raise UserError(
            f"{checkpoint} belongs to another training:\n{list_problems(problems)}\nTo continue from it, give what it "
            "was trained with. To start over: --overwrite_output_dir without --resume_from_checkpoint."
        )


def describe_finished_training(checkpoint: str, training: NerTrainingArguments, stopped_early: bool) -> str:
    """Say of a checkpoint that nothing is left to train after it."""
    if stopped_early:
        return (
            f"finished: nothing trained. The training stopped early at {checkpoint}; its model is saved again. To "
            "train further: a larger --early_stopping_patience."
        )
    flag = "--num_train_epochs" if training.max_steps < 0 else "--max_steps"
    value = training.num_train_epochs if training.max_steps < 0 else training.max_steps
    return (
        f"finished: nothing trained. {checkpoint} is the last step of {flag} {value:g}; its model is saved again. To "
        f"train further: a larger {flag}."
    )


def _compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Name what differs, one line each; what only one of them has is of another version and can't be compared."""
    problems = _compare_labels(old["labels"], new["labels"])
    if old["encoder"]["fingerprint"] != new["encoder"]["fingerprint"]:
        problems.append(f"encoder: {old['encoder']['name']} there, {new['encoder']['name']} here, other weights")
    for split in old["data"].keys() & new["data"].keys():
        there, here = old["data"][split], new["data"][split]
        if there["sha256"] != here["sha256"]:
            what = "other words or tags, or another tokenizer or --max_seq_length"
            problems.append(f"{split} data: {_count(there)} there, {_count(here)} here, {what}")
    there, here = old["settings"], new["settings"]
    return problems + [
        f"{name}: {there[name]} there, {here[name]} here"
        for name in there
        if name in here and there[name] != here[name]
    ]


def _compare_labels(old: list[str], new: list[str]) -> list[str]:
    if old == new:
        return []
    gone, added = ([label for label in one if label not in other] for one, other in ((old, new), (new, old)))
    if not gone and not added:
        return [f"order of the labels: {', '.join(old)} there, {', '.join(new)} here"]
    return [f"labels: only there {', '.join(gone) or 'none'}, only here {', '.join(added) or 'none'}"]


def _count(split: Mapping[str, int]) -> str:
    return f"{split['sentences']:,} sentences of {split['words']:,} words"


def _read_labels(checkpoint: Path) -> list[str] | None:
    """Read the labels of a checkpoint without a record from its config."""
    path = checkpoint / "config.json"
    if not path.is_file():
        return None
    names = json.loads(path.read_text(encoding="utf-8")).get("id2label") or {}
    return [names[number] for number in sorted(names, key=int)]


def _describe_split(rows: AlignedSplit) -> dict[str, Any]:
    """Return how much it is, and the SHA-256 of what the model sees of it and of its tags."""
    digest = hashlib.sha256(rows.windows.input_ids.tobytes())
    digest.update(rows.windows.starts.tobytes())
    golds = [rows.gold or (), *(level.gold or () for level in rows.levels.values())]
    for tags in chain.from_iterable(golds):
        digest.update("\x1f".join([*tags, ""]).encode("utf-8", "surrogatepass"))
    return {
        "sentences": len(rows.sentence_starts) - 1,
        "words": rows.ledger.words,
        "sha256": digest.hexdigest(),
    }


def _fingerprint_encoder(model: PreTrainedModel, recipe: Recipe) -> str:
    """Hash the shapes of an encoder, and a part of its embedding table unless that is random."""
    shapes = [(name, list(parameter.shape)) for name, parameter in model.base_model.named_parameters()]
    digest = hashlib.sha256(json.dumps(shapes).encode())
    embeddings = find_table(model)
    table = None if embeddings is None else cast(nn.Embedding, embeddings).weight.detach()
    # Where processes share the weights, a process without them has no numbers; it compares nothing, either.
    if not (table is None or recipe.from_scratch or table.is_meta):
        digest.update(table[..., :FINGERPRINT_COLUMNS].float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _list_settings(arguments: RunArguments, recipe: Recipe) -> dict[str, object]:
    """List what decides what is learnt, under the names that users type."""
    training = arguments.training
    given = training.to_dict()  # type: ignore[no-untyped-call]  # the library's
    values = {**given, **vars(arguments.decoding), **vars(arguments.learning)}
    names = [name for name in SETTINGS if name not in recipe.replaced_arguments]
    step = training.per_device_train_batch_size * training.gradient_accumulation_steps * training.world_size
    settings = {**{f"--{name}": values[name] for name in names}, STEP: step, **recipe.settings}
    return {name: str(value) if _is_infinite(value) else value for name, value in settings.items()}


def _is_infinite(value: object) -> bool:
    return isinstance(value, float) and not isfinite(value)
