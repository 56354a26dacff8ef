"""The label set: which tags the model knows, in which order, and what data and model say about them."""

import logging
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from token_classification.data.inputs import keep_inputs
from token_classification.data.schemes import UNNAMED, Scheme, has_bare_tags, order_tags, recognise_scheme
from token_classification.data.splits import REPLAY
from token_classification.data.text_lines import open_bytes, read_lines
from token_classification.errors import DataError, UserError, list_problems
from token_classification.nearest_names import did_you_mean

if TYPE_CHECKING:
    from token_classification.data.load import Corpus

logger = logging.getLogger(__name__)

IGNORED_LABEL = -100
"""Label id that torch's cross entropy leaves out."""


UNWRITABLE_TAG = re.compile(r"[\t\n]|\r\Z|\A\Z")


@dataclass(frozen=True)
class LabelSet:
    """The label names; a label's id is its place. `scheme` tells how they mark entities."""

    names: tuple[str, ...]
    scheme: Scheme

    @cached_property
    def ids(self) -> dict[str, int]:
        """Name -> id."""
        return {name: label_id for label_id, name in enumerate(self.names)}

    def encode(self, tags: Iterable[str]) -> np.ndarray:
        """Return the int64 label ids of tags; one that the model doesn't know is `IGNORED_LABEL`: no loss, missed."""
        return np.fromiter((self.ids.get(tag, IGNORED_LABEL) for tag in tags), dtype=np.int64)

    def __len__(self) -> int:
        return len(self.names)


def choose_label_set(
    corpus: "Corpus",
    *,
    task: str,
    labels_file: str | None,
    model_labels: Sequence[str] | None,
    is_training: bool,
    kept: Sequence[LabelSet] = (),
) -> LabelSet:
    """Decide on the label names and their order, and warn where data and model disagree.

    Training: `--labels`, else the ClassLabel names of the data set, else the union over all splits (`O` first, then
    sorted); a model that knows the same names keeps its own order. Without training the model's labels count.

    Args:
        corpus: All splits.
        task: Name of the task; `pos` has no entities.
        labels_file: That of `--labels`.
        model_labels: Those of the model, in its order.
        is_training: Whether the model is to learn them.
        kept: Labels of trained models that stay even if the data lack them, unless `--labels` says otherwise.

    Raises:
        UserError: no labels anywhere (an untrained model and no training), or a training tag that `--labels` lacks; as
            `DataError`: a tag that could not be written into a file of predictions.
    """
    _refuse_unwritable_tags(corpus)
    given = read_label_file(labels_file) if labels_file else None
    data_names = given or corpus.label_names or collect_label_names(corpus)
    if not given:
        data_names = _join_names(data_names, kept, corpus, task)
    if is_training:
        names = list(model_labels) if model_labels and set(model_labels) == set(data_names) else data_names
    elif model_labels:
        names = list(model_labels)
    elif given or corpus.label_names:
        names = data_names
    else:
        raise UserError(
            "The model has no label names (it was not fine-tuned for token classification), so nothing can be tagged "
            "with it.\nTrain it first (--do_train --train_file FILE), or give the names in the model's order with "
            "--labels FILE."
        )
    kept_names = [name for labels in kept for name in labels.names]
    _report_unknown_tags(corpus, names, kept_names, labels_file, is_training)
    gold = (tags for sentences in corpus.splits.values() for tags in sentences.tags or ())
    label_set = LabelSet(tuple(names), recognise_scheme(gold, names, task))
    if label_set.scheme != Scheme.PLAIN and has_bare_tags(names):
        logger.info(
            "Tags without types (%s): read as %s with one type, which scores and entities call %r; to score each tag "
            "by itself: --task_name pos",
            ", ".join(names),
            label_set.scheme,
            UNNAMED,
        )
    return label_set


def _join_names(data_names: list[str], kept: Sequence[LabelSet], corpus: "Corpus", task: str) -> list[str]:
    """Return the names of the data, then those that are to be kept.

    Raises:
        UserError: the tags of both mark entities in different ways.
    """
    joined = list(dict.fromkeys([*data_names, *(name for labels in kept for name in labels.names)]))
    if len(joined) > len(data_names):
        gold = (tags for sentences in corpus.splits.values() for tags in sentences.tags or ())
        scheme = recognise_scheme(gold, data_names, task)
        other = next((labels.scheme for labels in kept if labels.scheme != scheme), None)
        if other is not None:
            raise UserError(
                f"the tags of the data are {scheme}, and labels of a trained model that are to be kept are {other}; "
                "accepted: one scheme for both; token_classification check FILE --repair converts a file to another "
                "one (docs/check.md)"
            )
        logger.info("Labels kept beside those of the data: %s", ", ".join(joined[len(data_names) :]))
    return joined


def _refuse_unwritable_tags(corpus: "Corpus") -> None:
    """Find out before the training which tags would break the files behind it.

    Raises:
        DataError: tags without a character, or with a TAB or line end (possible in JSON and Parquet).
    """
    problems = []
    for split, sentences in corpus.splits.items():
        wrong = {tag for tags in sentences.tags or () for tag in set(tags) if UNWRITABLE_TAG.search(tag)}
        if not wrong:
            continue
        problems += [
            f"{corpus.place(split, row)}: tag {tag!r}; accepted: at least one character, no TAB and no line end; "
            "write it differently"
            for row, tags in enumerate(sentences.gold)
            for tag in tags
            if tag in wrong
        ]
    if problems:
        raise DataError(list_problems(problems))


@keep_inputs()
def read_label_file(path: str) -> list[str]:
    """Read label names, one per line; blank lines are skipped, the order is kept.

    Raises:
        DataError: unreadable, empty, or a name twice.
    """
    with open_bytes(Path(path)) as file:
        if not file.read().removeprefix(BOM_UTF8).strip():
            raise DataError(f"{path}:1: no label found; accepted: one label name per line, e.g. O, B-PER, I-PER")
    names: dict[str, int] = {}
    problems = []
    for number, line in enumerate(read_lines(Path(path)), start=1):
        name = line.strip(" \t")
        if name in names:
            problems.append(f"{path}:{number}: label {name!r} is already on line {names[name]}; remove one of them")
        elif name:
            names[name] = number
    if problems:
        raise DataError(list_problems(problems))
    return list(names)


def collect_label_names(corpus: "Corpus") -> list[str]:
    """Return the tags of all splits: `O` first, the rest by code point."""
    return order_tags(chain.from_iterable(corpus.count_tags(split) for split in corpus.splits))


def _report_unknown_tags(
    corpus: "Corpus", names: Sequence[str], kept: Sequence[str], labels_file: str | None, is_training: bool
) -> None:
    """Warn of tags that can't be learnt (only in dev or test), and refuse training tags that `--labels` lacks."""
    known = set(names)
    learnt = [split for split in ("train", REPLAY) if split in corpus.splits]
    train_tags = {tag: split for split in reversed(learnt) for tag in corpus.count_tags(split)}
    missing = sorted(set(train_tags) - known)
    if is_training and missing:
        hints = [_describe_missing(corpus, train_tags[tag], tag, names) for tag in missing]
        raise DataError(
            f"{list_problems(hints)}\n"
            f"Accepted are the names in {labels_file or 'the data set'}: add the missing ones there"
        )
    for split in corpus.splits:
        if split in learnt:
            continue
        counts = corpus.count_tags(split)
        unseen = sorted(set(counts) - ({*train_tags, *kept} if is_training else known))
        if unseen:
            listed = ", ".join(f"{tag} ({counts[tag]:,} words)" for tag in unseen)
            logger.warning(
                "Tags of the %s split that the model cannot learn: %s. They count as missed.", split, listed
            )


def _describe_missing(corpus: "Corpus", split: str, tag: str, names: Sequence[str]) -> str:
    row, word = next((row, tags.index(tag)) for row, tags in enumerate(corpus.splits[split].gold) if tag in tags)
    hint = did_you_mean(tag, names, otherwise="")
    place = f"{corpus.place(split, row)}: tag {tag!r} (word {word + 1} of the sentence)"
    return f"{place} is not a known label{'; ' if hint else ''}{hint}"
