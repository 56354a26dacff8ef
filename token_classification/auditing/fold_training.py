"""The training of a fold: a model learns all but some sentences of a file, and says what it thinks of these."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from token_classification.api import Run, fine_tune
from token_classification.auditing.read_file import LabelledFile
from token_classification.data.schemes import Scheme
from token_classification.inference.engine import Beliefs, open_engine

RECIPE: Mapping[str, object] = {
    "learning_rate": 2e-4,
    "head_learning_rate": 2e-3,
    "num_train_epochs": 5,
    "per_device_train_batch_size": 16,
    "warmup_steps": 0.1,
}
"""Flags of `run_ner.py` for the training of a fold: small files need high rates"""


@dataclass(frozen=True)
class FoldSettings:
    """How out-of-fold probabilities are made."""

    encoder: str
    folds: int = 5
    seed: int = 42
    task: str = "ner"
    recipe: Mapping[str, object] = field(default_factory=lambda: dict(RECIPE))


def train_fold(file: LabelledFile, settings: FoldSettings, rows: Sequence[int], shows_course: bool = True) -> Beliefs:
    """Train a model on all but some sentences and return what it thinks of these.

    Args:
        file: The file, with tags.
        settings: How to train.
        rows: The sentences that the model does not learn.
        shows_course: Whether the course of the training is told on stderr.

    Raises:
        UserError: whatever is wrong with the encoder or the data.
    """
    sentences, held_out = file.sentences, set(rows)
    learnt = [row for row in range(len(sentences)) if row not in held_out]
    silence = {} if shows_course else {"disable_tqdm": True}
    with TemporaryDirectory() as folder:
        train_on(
            file,
            learnt,
            settings.encoder,
            settings.task,
            Path(folder),
            course=sys.stderr if shows_course else StringIO(),
            **{"seed": settings.seed, **settings.recipe, **silence},
        )
        engine = open_engine(Path(folder) / "model", decoder="argmax" if file.scheme == Scheme.PLAIN else "viterbi")
        beliefs = engine.weigh_labels([sentences.tokens[row] for row in rows])
        columns = [engine.label_set.names.index(label) for label in file.labels]
    return Beliefs(beliefs.tags, [weights[:, columns] for weights in beliefs.log_probabilities])


def train_on(
    file: LabelledFile,
    rows: Sequence[int],
    encoder: str,
    task: str,
    folder: Path,
    *,
    course: TextIO,
    **flags: Any,  # noqa: ANN401 - as `fine_tune` takes them
) -> Run:
    """Train a model on some sentences of a file, in `model` of a folder, with no file beside it.

    Args:
        file: The file, with tags.
        rows: The sentences.
        encoder: What learns.
        task: Names the tags.
        folder: Where to.
        course: Where the training tells its course, which would go to stdout, where the command has its answer.
        flags: More flags of `run_ner.py`.

    Raises:
        UserError: whatever is wrong with the encoder or the data.
    """
    labels = folder / "labels.txt"
    labels.write_text("".join(f"{label}\n" for label in file.labels), encoding="utf-8")
    with redirect_stdout(course):
        return fine_tune(
            encoder,
            train=list_records(file, rows, task),
            output_dir=folder / "model",
            labels=labels,
            task_name=task,
            eval_strategy="no",
            save_strategy="no",
            report=False,
            calibrate=False,
            **flags,
        )


def list_records(file: LabelledFile, rows: Sequence[int], task: str) -> list[dict[str, list[str]]]:
    """Return some sentences of a file as records."""
    sentences = file.sentences
    return [{"tokens": sentences.tokens[row], f"{task}_tags": sentences.gold[row]} for row in rows]
