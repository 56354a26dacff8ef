"""What models that have not seen a sentence think of its words: a training per fold, whose result stays on disk."""

import hashlib
import json
import logging
import sys
import time
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from token_classification.api import fine_tune
from token_classification.auditing.folds import divide_into_folds
from token_classification.auditing.read_file import LabelledFile
from token_classification.data.results_folder import claim_files
from token_classification.data.schemes import Scheme
from token_classification.data.whole_files import write_whole
from token_classification.errors import StoppedError
from token_classification.inference.engine import Beliefs, open_engine

logger = logging.getLogger(__name__)

FOLD_FOLDER = "folds"
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


def believe_out_of_fold(file: LabelledFile, settings: FoldSettings, folder: Path, version: str) -> Beliefs:
    """Train a model per fold on the other folds, and return what it thinks of its own.

    A fold whose result is in the folder, made with the same data and settings, is not trained again.

    Args:
        file: The file, with tags.
        settings: How to divide and to train.
        folder: Where the results of folds are kept.
        version: What identifies the encoder beside its name.

    Raises:
        UserError: fewer groups than folds, or whatever is wrong with the encoder.
        StoppedError: SIGTERM came during a training.
    """
    sentences = file.sentences
    folds = divide_into_folds(sentences, settings.folds, settings.seed, file.source)
    key = make_key(file, settings, version)
    beliefs = Beliefs([[] for _ in sentences.tokens], [np.empty(0)] * len(sentences))
    paths = [folder / FOLD_FOLDER / f"fold_{number}.npz" for number in range(1, len(folds) + 1)]
    claim_files(folder, [str(path.relative_to(folder)) for path in paths])
    kept = [read_fold(path, key, rows, file) for path, rows in zip(paths, folds, strict=True)]
    known = sum(one is not None for one in kept)
    if known:
        logger.info("%s of %s folds are known from an earlier run with the same data and settings.", known, len(folds))
    started, trained = time.monotonic(), 0
    for number, (path, rows, found) in enumerate(zip(paths, folds, kept, strict=True), 1):
        if found is None:
            try:
                found = train_fold(file, settings, rows)
            except StoppedError:  # it names a checkpoint that is gone with the model
                raise StoppedError(
                    f"stopped by SIGTERM; the folds that are finished are kept in {folder / FOLD_FOLDER}. To "
                    "continue: the same command again."
                ) from None
            write_fold(path, key, found, file.labels)
            trained += 1
            _report_progress(number, len(folds), time.monotonic() - started, trained, kept[number:].count(None))
        for row, tags, weights in zip(rows, found.tags, found.log_probabilities, strict=True):
            beliefs.tags[row], beliefs.log_probabilities[row] = tags, weights
    return beliefs


def train_fold(file: LabelledFile, settings: FoldSettings, rows: Sequence[int]) -> Beliefs:
    """Train a model on all but some sentences and return what it thinks of these.

    Raises:
        UserError: whatever is wrong with the encoder or the data.
    """
    sentences, held_out = file.sentences, set(rows)
    train = [
        {"tokens": words, f"{settings.task}_tags": tags}
        for row, (words, tags) in enumerate(zip(sentences.tokens, sentences.gold, strict=True))
        if row not in held_out
    ]
    # A training tells its course on stdout, where an audit has its answer.
    with TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        labels = Path(folder) / "labels.txt"
        labels.write_text("".join(f"{label}\n" for label in file.labels), encoding="utf-8")
        fine_tune(
            settings.encoder,
            train=train,
            output_dir=Path(folder) / "model",
            labels=labels,
            task_name=settings.task,
            seed=settings.seed,
            eval_strategy="no",
            save_strategy="no",
            report=False,
            calibrate=False,
            **settings.recipe,
        )
        engine = open_engine(Path(folder) / "model", decoder="argmax" if file.scheme == Scheme.PLAIN else "viterbi")
        beliefs = engine.weigh_labels([sentences.tokens[row] for row in rows])
        columns = [engine.label_set.names.index(label) for label in file.labels]
    return Beliefs(beliefs.tags, [weights[:, columns] for weights in beliefs.log_probabilities])


def make_key(file: LabelledFile, settings: FoldSettings, version: str) -> str:
    """Return a checksum of everything that the result of a fold depends on."""
    sentences = file.sentences
    content = [sentences.tokens, sentences.tags, sentences.doc_ids, version]
    described = [settings.encoder, settings.folds, settings.seed, settings.task, dict(settings.recipe)]
    return hashlib.sha256(json.dumps([content, described]).encode(errors="surrogatepass")).hexdigest()


def write_fold(path: Path, key: str, beliefs: Beliefs, labels: Sequence[str]) -> None:
    """Write the result of a fold."""
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = {label: number for number, label in enumerate(labels)}
    content = BytesIO()
    np.savez_compressed(
        content,
        key=np.array(key),
        tags=np.array([numbers[tag] for tags in beliefs.tags for tag in tags], dtype=np.int32),
        log_probabilities=np.concatenate([*beliefs.log_probabilities, np.zeros((0, len(labels)), np.float32)]),
    )
    write_whole(path, content.getvalue())


def read_fold(path: Path, key: str, rows: Sequence[int], file: LabelledFile) -> Beliefs | None:
    """Return the result of a fold; None where there is none, or one of other data or settings."""
    if not path.exists():
        return None
    try:
        with np.load(path) as stored:
            if str(stored["key"]) != key:
                logger.warning("%s: made with other data or settings; this fold is trained again.", path)
                return None
            tags, weights = stored["tags"], stored["log_probabilities"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        logger.warning("%s: can't be read (%s); this fold is trained again.", path, error)
        return None
    labels = file.labels
    ends = np.cumsum([len(file.sentences.tokens[row]) for row in rows])[:-1]
    named = [[labels[number] for number in part] for part in np.split(tags, ends)]
    return Beliefs(named, np.split(weights, ends))


def _report_progress(number: int, folds: int, seconds: float, trained: int, left: int) -> None:
    remaining = f"; about {format_time(seconds / trained * left)} left" if left else ""
    logger.info("Fold %s of %s is done%s.", number, folds, remaining)


def format_time(seconds: float) -> str:
    """Return a time in minutes and seconds.

    >>> format_time(5), format_time(125.4)
    ('5 s', '2 min 5 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
