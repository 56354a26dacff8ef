"""`train` and `finetune`: from a data folder of texts and labels to a model, with the log that NeMo users know."""

import logging
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from omegaconf import DictConfig, OmegaConf
from transformers import PreTrainedModel, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from token_classification.alignment.align import AlignedSplit
from token_classification.alignment.words import split_into_sub_tokens
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.report import ReportArguments
from token_classification.arguments.run import RunArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.formats import read_sentences
from token_classification.data.formats.text_and_labels import read_text_and_labels, take_first
from token_classification.data.inputs import read_and_describe
from token_classification.data.load import Corpus
from token_classification.data.splits import OLD_TEST, REPLAY
from token_classification.errors import DataError, UserError, list_problems
from token_classification.modeling.build import load_config
from token_classification.modeling.label_names import read_model_labels
from token_classification.modeling.tokenizer import load_tokenizer
from token_classification.output_text import quote_path
from token_classification.recipe import Recipe
from token_classification.scoring.evaluate import SplitResults
from token_classification.story import walk
from token_classification.tao import report, statistics
from token_classification.tao.advice import describe_failure, describe_shared_step, find_only_label
from token_classification.tao.label_ids import order_labels, read_label_ids, write_label_ids
from token_classification.tao.models import name_model, open_trainable_model, place_model
from token_classification.tao.schedule import NamedSchedule, translate_schedule
from token_classification.tao.starting_model import open_starting_model
from token_classification.tao.translate import (
    keep_head,
    translate_data,
    translate_decoding,
    translate_distillation,
    translate_learning,
    translate_recipe,
)
from token_classification.tao.translate_trainer import translate_training
from token_classification.training.loss import balance_classes
from token_classification.training.survival.kept_checkpoints import KeepBestCheckpoints

logger = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints"
"""Folder in the results folder for checkpoints and the model"""


def train(spec: DictConfig, results: Path, key: str | None) -> None:
    """Train a model from an encoder, or from a trained model whose labels may be others (`-m`)."""
    target = name_model(results / CHECKPOINTS, spec.exp_manager.name, key)
    corpus = load_splits(spec)
    corpus.label_names = find_labels(spec, corpus)
    add_old_splits(spec, corpus)
    with open_starting_model(spec, results, key) as (model_args, recipe):
        learn(spec, results, target, key, corpus, model_args, recipe)


def finetune(spec: DictConfig, results: Path, key: str | None) -> None:
    """Train a trained model further on data whose labels it knows.

    Raises:
        UserError: the model can't be trained or knows no labels, or the data has labels that it doesn't know.
    """
    target = name_model(results / CHECKPOINTS, spec.exp_manager.name, key)
    with open_trainable_model(spec.restore_from, key) as folder:
        model_args = ModelArguments(str(folder))
        known = read_model_labels(load_config(model_args))
        if known is None:
            raise UserError(
                f"-m {spec.restore_from}: knows no labels; accepted: a model that was trained here. For an encoder "
                f"type token_classification train -m {quote_path(spec.restore_from)}"
            )
        corpus = load_splits(spec)
        new = sorted({tag for split in corpus.splits for tag in corpus.count_tags(split)} - set(known))
        if new:
            raise UserError(
                f"labels that the model does not know: {', '.join(new)}\n"
                f"It knows: {', '.join(known)}. To learn new labels, type token_classification train -m MODEL."
            )
        corpus.label_names = known
        add_old_splits(spec, corpus)
        # The model's own head and weights are kept, whatever the spec says of new ones.
        recipe = replace(keep_head(translate_recipe(spec)), encoder_checkpoint=None, from_scratch=False)
        learn(spec, results, target, key, corpus, model_args, recipe)


def load_splits(spec: DictConfig) -> Corpus:
    """Read the training and validation files; the problems of both are reported together.

    Only `num_samples` sentences are used, but labels, their statistics and weights are those of the whole files.

    Raises:
        DataError: something is wrong in the files.
    """
    splits, sources, files, whole_files = {}, {}, {}, {}
    problems = []
    for split, section in (("train", spec.training_ds), ("validation", spec.validation_ds)):
        text = Path(spec.data_dir) / section.text_file
        try:
            labels = Path(spec.data_dir) / section.labels_file
            whole, files[split] = read_and_describe(partial(read_text_and_labels, text, labels))
            splits[split] = take_first(whole, section.num_samples)
            whole_files[split] = Counter(chain.from_iterable(whole.gold))
        except DataError as error:
            problems.append(str(error))
        sources[split] = str(text)
    if problems:
        raise DataError("\n".join(problems))
    return Corpus(splits, sources, files=files, whole_files=whole_files)


def add_old_splits(spec: DictConfig, corpus: Corpus) -> None:
    """Read the data that a trained model is not to forget, in any format: what it learns again, and is scored on.

    Raises:
        DataError: something is wrong in a file.
    """
    for split, path in ((REPLAY, spec.replay_file), (OLD_TEST, spec.old_test_file)):
        if path is not None:
            corpus.splits[split], corpus.files[split] = read_and_describe(partial(read_sentences, path))
            corpus.sources[split] = path
            if corpus.splits[split].tags is None:
                raise DataError(f"{path}: no tags; accepted: a file with one for each word; give another one")


def find_labels(spec: DictConfig, corpus: Corpus) -> list[str]:
    """Find the label map: `model.label_ids`, else that of the data folder, else one made from the data, kept there.

    Raises:
        DataError: the map lacks a label of the data.
        UserError: it lacks the pad label.
    """
    path = Path(spec.model.label_ids or Path(spec.data_dir) / spec.model.class_labels.class_labels_file)
    if spec.model.label_ids is None and not path.is_file():
        names = order_labels(
            {tag for split in corpus.splits for tag in corpus.count_tags(split)}, spec.model.dataset.pad_label
        )
        write_label_ids(path, names)
        logger.info("Labels mapping %s saved to : %s", {name: place for place, name in enumerate(names)}, path)
        return names
    names = read_label_ids(path)
    logger.info("Reusing label_ids file found at %s.", path)
    problems = [
        f"{corpus.sources[split]}: label {tag!r} ({count:,} words) is not in {path}"
        for split in corpus.splits
        for tag, count in corpus.count_tags(split).items()
        if tag not in names
    ]
    if problems:
        raise DataError(
            f"{list_problems(problems)}\nAccepted: {', '.join(names)}. Add the label there, or correct it."
        )
    if spec.model.dataset.pad_label not in names:
        raise UserError(
            f"model.dataset.pad_label={spec.model.dataset.pad_label} is not in {path}: {', '.join(names)}."
        )
    return names


def learn(
    spec: DictConfig,
    results: Path,
    target: Path,
    key: str | None,
    corpus: Corpus,
    model_args: ModelArguments,
    recipe: Recipe,
) -> None:
    """Log what is known about the data, walk the story, and seal the model."""
    checkpoints = results / CHECKPOINTS
    training = translate_training(spec, checkpoints)
    choose_start(spec, training)
    logger.info("Setting model.dataset.data_dir to %s.", spec.data_dir)
    names = list(corpus.label_names or ())
    if training.process_index == 0:
        for split, section in (("train", spec.training_ds), ("validation", spec.validation_ds)):
            log_labels(corpus, split, names, Path(spec.data_dir) / section.labels_file)
            log_lengths(spec, model_args, corpus, split, names)

    def log_report(split: AlignedSplit, results: SplitResults) -> None:
        """Log the table of a validation."""
        counts = report.count_labels(split.gold or (), results.tags, names)
        logger.info(report.format_report(report.score_report(counts)))

    options = spec.exp_manager.checkpoint_callback_params
    keep = KeepBestCheckpoints(
        options.save_top_k, str(training.metric_for_best_model), bool(training.greater_is_better), options.monitor
    )
    log_training = LogTraining(translate_schedule(spec.model.optim.sched))
    arguments = RunArguments(
        model_args,
        translate_data(spec, corpus.sources),
        training,
        decoding=translate_decoding(spec),
        learning=translate_learning(spec),
        distillation=translate_distillation(spec),
        report=ReportArguments(report=spec.report, calibrate=spec.calibrate),
    )
    is_first = training.process_index == 0
    if is_first and training.world_size > 1:
        logger.warning(describe_shared_step(training.per_device_train_batch_size, training.world_size))
    with place_model(target, key) if is_first else nullcontext(target) as model_folder:
        recipe = replace(recipe, model_folder=model_folder, callbacks=(log_training, keep), on_results=log_report)
        outcome = walk(arguments, recipe=recipe, corpus=corpus)
    if is_first:
        kept = "best" if training.load_best_model_at_end else "last"
        logger.info("Experiment logs saved to '%s'", results)
        what = "Trained model" if log_training.steps else "Nothing left to train: the model of the finished training"
        logger.info("%s saved to '%s' (the weights of the %s epoch)", what, target, kept)
        logger.info("To tag texts with it: %s", name_next_command(target, key))
        label = find_only_label(corpus.splits["validation"].gold, outcome["validation"].tags)
        if label is not None:
            logger.warning(describe_failure(label))


def name_next_command(model: Path, key: str | None) -> str:
    """Return a command that uses a trained model; the key is never shown."""
    flags = "" if key is None else " -k KEY"
    return f"token_classification infer -m {quote_path(model)} -r RESULTS{flags} input_file=texts.jsonl"


def choose_start(spec: DictConfig, training: NerTrainingArguments) -> None:
    """Continue from the last checkpoint of the results folder, or start afresh in it, as the spec says."""
    manager = spec.exp_manager
    training.overwrite_output_dir = True
    if manager.resume_if_exists:
        training.resume_from_checkpoint = "auto" if manager.resume_ignore_no_checkpoint else "true"


def log_labels(corpus: Corpus, split: str, names: list[str], labels_path: Path) -> None:
    """Log and write the label statistics of a whole file and, for training data, the class weights."""
    ids = {name: label_id for label_id, name in enumerate(names)}
    logger.info("Processing %s", labels_path)
    logger.info("Using provided labels mapping %s", ids)
    counts = statistics.number_counts(corpus.count_tags(split), ids)
    for line in statistics.describe_labels(counts, labels_path):
        logger.info(line)
    weights = balance_classes(counts)
    try:
        statistics.write_label_stats(counts, labels_path)
        if split == "train":
            logger.info(statistics.describe_class_weights(weights))
            logger.info("Class weights saved to %s", statistics.save_class_weights(weights, len(names), labels_path))
    except UserError as error:
        # Nothing reads them: a data folder that can't be written to is no reason not to train.
        logger.warning("Label statistics are not saved: %s", error)


def log_lengths(spec: DictConfig, model_args: ModelArguments, corpus: Corpus, split: str, names: list[str]) -> None:
    """Log sequence statistics, and the first sentence as the model sees it."""
    sentences, dataset = corpus.splits[split], spec.model.dataset
    tokenizer = load_tokenizer(model_args)
    sub_tokens = split_into_sub_tokens(tokenizer, sentences.tokens)
    lengths = np.diff(sub_tokens.word_starts[sub_tokens.sentence_starts]) + tokenizer.num_special_tokens_to_add()
    max_length = statistics.choose_max_length(lengths.tolist(), dataset.max_seq_length)
    for line in statistics.describe_lengths(lengths.tolist(), max_length):
        logger.info(line)
    logger.warning(statistics.describe_long_sentences(lengths.tolist(), max_length))
    ids = {name: label_id for label_id, name in enumerate(names)}
    example = statistics.describe_example(
        tokenizer,
        sentences.tokens[0],
        [ids[tag] for tag in sentences.gold[0]],
        max_length=max_length,
        pad_label_id=ids[dataset.pad_label],
        ignore_extra_tokens=dataset.ignore_extra_tokens,
        ignore_start_end=dataset.ignore_start_end,
    )
    for line in example:
        logger.info(line)


class LogTraining(TrainerCallback):
    """Logs at the start of a training what trains it, and counts its steps."""

    def __init__(self, schedule: NamedSchedule | None) -> None:
        self.schedule = schedule
        self.steps = 0
        """Steps of this command; 0 if it continues a finished training"""

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Count the step."""
        self.steps += 1

    def on_train_begin(  # type: ignore[override]  # the library passes these by name
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        *,
        model: PreTrainedModel,
        optimizer: torch.optim.Optimizer,
        **kwargs: object,
    ) -> None:
        """Log the optimizer, the schedule and the parameter counts."""
        if not state.is_world_process_zero:
            return
        logger.info("Optimizer config = %s", getattr(optimizer, "optimizer", optimizer))
        settings = {"warmup_steps": None, "warmup_ratio": None, **(self.schedule.options if self.schedule else {})}
        parameters = OmegaConf.to_yaml({**settings, "last_epoch": -1, "max_steps": state.max_steps})
        logger.info(
            'Scheduler "%s" \nwill be used during training (effective maximum steps = %s) - \nParameters : \n(%s)',
            self.schedule and self.schedule.name,
            state.max_steps,
            parameters,
        )
        trainable = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
        total = sum(parameter.numel() for parameter in model.parameters())
        for count, name in ((trainable, "Trainable"), (total - trainable, "Non-trainable"), (total, "Total")):
            logger.info("%-10s%s params", _shorten(count), name)


def _shorten(count: int) -> str:
    """Write 110082829 as `110 M`, as Lightning does."""
    for size, unit in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if count >= size:
            return f"{count / size:.3g} {unit}" if count < 100 * size else f"{count // size} {unit}"
    return str(count)
