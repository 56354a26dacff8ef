"""From the arguments and the recipe of a run to its trainer."""

from collections.abc import Mapping
from itertools import chain
from typing import cast

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from token_classification.alignment.align import AlignedSplit, Aligner
from token_classification.alignment.batches import WindowCollator, build_collator
from token_classification.arguments.run import RunArguments
from token_classification.data.levels import Labels
from token_classification.errors import UserError
from token_classification.modeling.adapters import attach_adapters
from token_classification.recipe import Recipe
from token_classification.scoring.decode import plan_levels
from token_classification.scoring.metrics import list_metrics
from token_classification.training.cpu.tuning import lengthen_rows
from token_classification.training.distillation import Lessons
from token_classification.training.early_stopping import StopEarly
from token_classification.training.evaluation import WordTagger, choose_token_budget
from token_classification.training.packing.choose import choose_collator, is_in_segments
from token_classification.training.padding import check_padding
from token_classification.training.precision import settle_precision
from token_classification.training.survival.continuation import describe_training
from token_classification.training.survival.watchdog import Watchdog
from token_classification.training.time_budget import KeepTime, TimedSchedule
from token_classification.training.trainer import NerTrainer


def build_trainer(
    model: PreTrainedModel,
    aligner: Aligner,
    aligned: Mapping[str, AlignedSplit],
    arguments: RunArguments,
    recipe: Recipe,
    class_weights: torch.Tensor | None,
    lessons: Lessons | None = None,
) -> NerTrainer:
    """Build the trainer that the arguments and the recipe of a run ask for; with lessons it learns these.

    Raises:
        UserError: the best model is to be chosen by a score that there will not be.
    """
    label_set, training = aligner.label_set, arguments.training
    _check_best_metric(aligned.get("validation"), label_set, arguments)
    record = describe_training(model, aligned, label_set, arguments, recipe) if training.do_train else None
    if record is not None:
        record["settings"]["teacher"] = None if lessons is None else lessons.digest
    learning = arguments.learning
    if training.do_train and learning.lora_rank is not None:
        attach_adapters(model, learning.lora_rank, learning.lora_alpha, arguments.model)
    watchdog = Watchdog(aligned.get("train"), has_adapters=learning.lora_rank is not None)
    stop_early = [StopEarly(recipe.early_stopping)] if recipe.early_stopping is not None else []
    scored = sum(len(rows.windows) for split, rows in aligned.items() if split != "train")
    keep_time = [KeepTime(recipe.schedule, scored)] if isinstance(recipe.schedule, TimedSchedule) else []
    padded_length = aligner.window_length if arguments.decoding.pad_to_max_length else None
    collator = build_collator(aligner.tokenizer, aligner.special, padded_length)
    training_collator = choose_collator(model, collator, aligned.get("train"), training, aligner.window_length)
    training_collator = lengthen_rows(training_collator, model, training)
    if "train" in aligned and isinstance(training_collator, WindowCollator):
        check_padding(model, training_collator, aligned["train"], training)
    settle_precision(model, aligned, training_collator, collator, training)
    if is_in_segments(training_collator) and not (training.bf16 or training.fp16):
        # GPUs compute segments in half precision only.
        training_collator = choose_collator(model, collator, aligned.get("train"), training, aligner.window_length)
    return NerTrainer(
        model=model,
        args=training,
        tokenizer=cast(PreTrainedTokenizerBase, aligner.tokenizer),
        label_set=label_set,
        tagger=WordTagger(
            collator,
            token_budget=choose_token_budget(training, aligner.window_length),
            levels=plan_levels(label_set, arguments.decoding.decoder),
            class_weights=class_weights,
        ),
        training_collator=training_collator,
        train_split=aligned.get("train") if lessons is None else lessons.split,
        eval_split=aligned.get("validation"),
        with_type_metrics=arguments.report.return_entity_level_metrics,
        class_weights=class_weights,
        distillation_loss=None if lessons is None else lessons.loss,
        recipe=recipe,
        on_results=[watchdog.see_results, *([recipe.on_results] if recipe.on_results else [])],
        callbacks=[watchdog, *recipe.callbacks, *stop_early, *keep_time],
        record=record,
    )


def _check_best_metric(validation: AlignedSplit | None, label_set: Labels, arguments: RunArguments) -> None:
    """Look for the score before the first epoch; the library looks after it, when that epoch is lost."""
    name = arguments.training.metric_for_best_model
    if name is None or not arguments.training.do_train or validation is None:
        return
    with_types = arguments.report.return_entity_level_metrics
    golds = {f"{level}_": split.gold or [] for level, split in validation.levels.items()}
    golds[""] = [*(validation.gold or ()), *chain.from_iterable(golds.values())]
    names = [
        f"{level}{name}"
        for level in sorted(golds)
        for name in list_metrics(golds[level], label_set.scheme, with_types)
    ]
    if name.removeprefix("eval_") in names:
        return
    hint = "" if with_types else "; with --return_entity_level_metrics also those of each type"
    raise UserError(f"--metric_for_best_model {name}: no such score. There are {', '.join(names)}{hint}.")
