"""All splits of a run as sentences of words and tags, wherever they come from."""

import logging
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from token_classification.arguments.data import DataArguments
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.run import RunArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.formats import read_sentences
from token_classification.data.formats.record_columns import list_columns
from token_classification.data.hub import load_hub_dataset
from token_classification.data.in_memory import Rows, read_dataset, read_rows
from token_classification.data.inputs import ReadFile, read_and_describe
from token_classification.data.level_columns import name_levels, split_columns
from token_classification.data.sentences import Sentences, select_sentences
from token_classification.data.splits import OLD_TEST, REPLAY, SPLIT_NAMES, SPLITS
from token_classification.errors import DataError, UserError, name_place

logger = logging.getLogger(__name__)


@dataclass
class Corpus:
    """The splits of a run, by name, and what is known about where they come from.

    Beside `train`, `validation` and `test` a training of a trained model may have `replay` and `old_test`.
    """

    splits: dict[str, Sentences]
    sources: dict[str, str]
    """Split -> file, or `dataset/split` on the Hub."""
    label_names: list[str] | None = None
    """Label names that the data set itself declares (ClassLabel), in its order."""
    whole_files: dict[str, Counter[str]] = field(default_factory=dict)
    """Split -> words per tag of its whole file, where those count, and not those of the sentences that are used"""
    files: dict[str, tuple[ReadFile, ...]] = field(default_factory=dict)
    """Split -> its files as they were when they were read; none for a data set."""
    levels: dict[str, "Corpus"] = field(default_factory=dict)
    """Level of nested entities -> the same splits with its tags. The splits of such a corpus itself have none, so that
    nobody takes the tags of one level for all there is."""

    def has_tags(self, split: str) -> bool:
        """Tell whether a split has tags, on all of its levels."""
        return all(level.splits[split].tags is not None for level in [*self.levels.values()] or [self])

    def place(self, split: str, row: int) -> str:
        """Return where a sentence stands: `file:line`."""
        return name_place(self.sources[split], self.splits[split].lines[row])

    def count_tags(self, split: str) -> Counter[str]:
        """Count the words with each tag, in the whole file where that counts; a split without tags has none."""
        if split in self.whole_files:
            return self.whole_files[split]
        counts: Counter[str] = Counter()
        for tags in self.splits[split].tags or ():
            counts.update(tags)
        return counts


def load_corpus(arguments: RunArguments, in_memory: Mapping[str, Rows] | None = None) -> Corpus:
    """Load every split that is given, check that the run has what it needs, hold out and cut as asked.

    Args:
        arguments: The settings of the run.
        in_memory: What stands for a file that is none: its name in the settings -> the rows of the split.

    Raises:
        UserError: a split that the run needs is missing; as `DataError`, with file:line: something wrong in a file.
    """
    data, columns = arguments.data, split_columns(arguments.data.label_column_name)
    if len(columns) > 1:
        levels = [replace(data, label_column_name=column) for column in columns]
        corpus = join_levels([_load_level(arguments, level, in_memory) for level in levels], columns)
    else:
        corpus = _load_level(arguments, data, in_memory)
    for split, sentences in corpus.splits.items():
        words = sum(map(len, sentences.tokens))
        logger.info(
            "%s: %s sentences, %s words from %s", split, f"{len(sentences):,}", f"{words:,}", corpus.sources[split]
        )
    return corpus


def _load_level(arguments: RunArguments, data: DataArguments, in_memory: Mapping[str, Rows] | None) -> Corpus:
    """Load the splits with the tags of one column; what is held out is the same for all columns."""
    corpus = _load_files(data, in_memory or {})
    if data.dataset_name:
        old, corpus = corpus, load_dataset_splits(data, arguments.model)
        corpus.splits |= old.splits
        corpus.sources |= old.sources
        corpus.files |= old.files
    if data.validation_split and "validation" not in corpus.splits and "train" in corpus.splits:
        hold_out_validation(corpus, data.validation_split, arguments.training.seed)
    _check_needed_splits(corpus, arguments)
    limits = (data.max_train_samples, data.max_eval_samples, data.max_predict_samples)
    for split, limit in zip(SPLITS, limits, strict=True):
        if limit is not None and split in corpus.splits:
            corpus.splits[split] = select_sentences(corpus.splits[split], range(min(limit, len(corpus.splits[split]))))
    return corpus


def join_levels(levels: Sequence[Corpus], columns: Sequence[str]) -> Corpus:
    """Make one corpus of several that hold the same words and each the tags of a level, outermost first.

    Args:
        levels: What was read.
        columns: Where the tags of each level stand, for messages.

    Raises:
        DataError: a split has tags on some levels only.
    """
    first = levels[0]
    for split, sentences in first.splits.items():
        lacking = [column for column, level in zip(columns, levels, strict=True) if level.splits[split].tags is None]
        if lacking and len(lacking) < len(levels):
            raise DataError(
                f"{first.place(split, 0)}: no tags in column {lacking[0]}{_name_columns(sentences)}, but in others "
                f"of --label_column_name {','.join(columns)}; accepted: a column of tags for each level, or none"
            )
        for level in levels:
            level.splits[split].tokens = sentences.tokens  # the same words, once in memory
    names = name_levels(len(levels))
    logger.info("Nested entities: %s", ", ".join(map("{} in column {}".format, names, columns)))
    return replace(
        first,
        splits={split: replace(sentences, tags=None) for split, sentences in first.splits.items()},
        label_names=None,
        levels=dict(zip(names, levels, strict=True)),
    )


def hold_out_validation(corpus: Corpus, share: float, seed: int) -> None:
    """Move a seeded random share of the training sentences to the validation split, keeping both in file order."""
    train = corpus.splits["train"]
    held_out_count = round(len(train) * share)
    if not 0 < held_out_count < len(train):
        raise UserError(
            f"--validation_split {share} of {len(train)} training sentences leaves {held_out_count} to validate on; "
            "give a --validation_file or another share."
        )
    held_out = set(random.Random(seed).sample(range(len(train)), held_out_count))
    corpus.splits["validation"] = select_sentences(train, sorted(held_out))
    corpus.splits["train"] = select_sentences(train, [row for row in range(len(train)) if row not in held_out])
    corpus.sources["validation"] = corpus.sources["train"]
    corpus.files["validation"] = corpus.files.get("train", ())
    logger.warning(
        "No validation data: %s of %s training sentences are held out for it (--validation_split %s, seed %s).",
        f"{held_out_count:,}",
        f"{len(train):,}",
        share,
        seed,
    )


def describe_files(corpus: Corpus) -> dict[str, dict[str, Any]]:
    """Describe each split: source, sentences, words, and the bytes and SHA-256 of its file when that was read.

    Where a split has further files (labels beside text), `further_files` holds the same of each.
    """
    described: dict[str, dict[str, Any]] = {}
    for split, sentences in corpus.splits.items():
        source = corpus.sources[split]
        described[split] = {
            "source": source,
            "sentences": len(sentences),
            "words": sum(map(len, sentences.tokens)),
        }
        files = corpus.files.get(split, ())
        if files:
            described[split] |= {"bytes": files[0].bytes, "sha256": files[0].sha256}
        if files[1:]:
            described[split]["further_files"] = [
                {"source": str(file.path), "bytes": file.bytes, "sha256": file.sha256} for file in files[1:]
            ]
    return described


def _load_files(data: DataArguments, in_memory: Mapping[str, Rows]) -> Corpus:
    """Read the given files and rows; the problems of all of them are reported together."""
    given = (data.train_file, data.validation_file, data.test_file, data.replay_file, data.old_test_file)
    files = {split: path for split, path in zip((*SPLITS, REPLAY, OLD_TEST), given, strict=True) if path}
    corpus = Corpus({}, files)
    known: dict[str, tuple[Sentences, tuple[ReadFile, ...]]] = {}
    problems: dict[str, str] = {}
    columns = (data.text_column_name, data.label_column_name, data.task_name, data.annotator)
    for split, path in files.items():
        try:
            if path in in_memory:
                corpus.splits[split], names = read_rows(in_memory[path], path, data)
                corpus.label_names = corpus.label_names or names
            elif path not in known and path not in problems:  # one file may be several splits
                known[path] = read_and_describe(partial(read_sentences, path, *columns))
        except DataError as error:
            problems[path] = str(error)
        if path in known:
            corpus.splits[split], corpus.files[split] = known[path]
    if problems:
        raise DataError("\n".join(problems.values()))
    return corpus


def load_dataset_splits(data: DataArguments, model: ModelArguments) -> Corpus:
    """Load a data set by name or folder and take the columns that the task needs.

    Raises:
        UserError: it can't be loaded; as `DataError`: records without sound words and tags.
    """
    loaded = load_hub_dataset(
        data.dataset_name or "",
        data.dataset_config_name,
        cache_dir=model.cache_dir,
        token=model.token,
        trust_remote_code=model.trust_remote_code,
    )
    corpus = Corpus({}, {})
    for split, name in _choose_splits(loaded, data.dataset_name).items():
        corpus.sources[split] = f"{data.dataset_name}/{name}"
        corpus.splits[split], names = read_dataset(loaded[name], Path(corpus.sources[split]), data)
        corpus.label_names = corpus.label_names or names
    return corpus


def _choose_splits(found: Iterable[str], dataset: str | None) -> dict[str, str]:
    """Choose which split of a data set is which split of the run, and say which are not used."""
    chosen: dict[str, str] = {}
    for name in sorted(found, key=lambda name: name not in SPLITS):  # the very name comes before its other names
        split = SPLIT_NAMES.get(name)
        if split is None:
            logger.info("split %r of %s is not used; used are %s", name, dataset, ", ".join(SPLITS))
        elif split in chosen:
            logger.warning("split %r of %s is not used: %r is its %s split", name, dataset, chosen[split], split)
        else:
            chosen[split] = name
    return chosen


def used_splits(training: NerTrainingArguments) -> list[str]:
    """Return the splits that the steps of a run need."""
    evaluates = training.do_eval or (training.do_train and training.eval_strategy != "no")
    steps = (training.do_train, evaluates, training.do_predict)
    return [split for split, is_used in zip(SPLITS, steps, strict=True) if is_used]


def _check_needed_splits(corpus: Corpus, arguments: RunArguments) -> None:
    """Make sure that each step of the run has its split, and tags where it scores or learns."""
    training, export = arguments.training, arguments.export
    found = f"found: {', '.join(corpus.splits) or 'none'}"
    evaluates = "validation" in used_splits(training) or export.do_export
    problems = []
    if training.do_train and "train" not in corpus.splits:
        problems.append(f"--do_train needs training data ({found}): give --train_file FILE.")
    if evaluates and "validation" not in corpus.splits:
        problems.append(
            f"evaluation needs validation data ({found}): give --validation_file FILE, "
            "or --validation_split 0.1 to hold out a part of the training data."
        )
    if training.do_predict and "test" not in corpus.splits:
        problems.append(f"--do_predict needs test data ({found}): give --test_file FILE.")
    if export.do_export and export.quantize == "int8" and "train" not in corpus.splits:
        problems.append(
            f"--quantize int8 is calibrated with training data ({found}): give --train_file FILE, or --quantize bf16."
        )
    needs = {"train": training.do_train, "validation": evaluates, REPLAY: True, OLD_TEST: True}
    for split, needs_tags in needs.items():
        if needs_tags and split in corpus.splits and corpus.splits[split].tags is None:
            problems.append(
                f"{corpus.sources[split]}: no tags{_name_columns(corpus.splits[split])}, but the {split} split needs "
                "one per word; name their column with --label_column_name."
            )
    if problems:
        raise UserError("\n".join(problems))


def _name_columns(sentences: Sentences) -> str:
    return f" (columns found: {list_columns(sentences.columns)})" if sentences.columns else ""
