"""What models that have not seen a sentence think of its words: a training per fold, whose result stays on disk."""

import hashlib
import json
import logging
import math
import time
import zipfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from io import BytesIO
from pathlib import Path

import numpy as np
import torch

from token_classification.auditing.fold_processes import train_at_once
from token_classification.auditing.fold_training import FoldSettings, train_fold
from token_classification.auditing.folds import divide_into_folds
from token_classification.auditing.read_file import LabelledFile
from token_classification.data.results_folder import claim_files
from token_classification.data.whole_files import write_whole
from token_classification.errors import StoppedError, UserError
from token_classification.hardware import has_accelerator
from token_classification.inference.engine import Beliefs

logger = logging.getLogger(__name__)

FOLD_FOLDER = "folds"
LEAST_THREADS = 4
"""A training on the CPU gains little from more: further cores train another fold"""


def believe_out_of_fold(
    file: LabelledFile, settings: FoldSettings, folder: Path, version: str, workers: int | None = None
) -> Beliefs:
    """Train a model per fold on the other folds, and return what it thinks of its own.

    A fold whose result is in the folder, made with the same data and settings, is not trained again.

    Args:
        file: The file, with tags.
        settings: How to divide and to train.
        folder: Where the results of folds are kept.
        version: What identifies the encoder beside its name.
        workers: How many folds are trained at the same time; None: as many as the cores allow.

    Raises:
        UserError: fewer groups than folds, or whatever is wrong with the encoder.
        StoppedError: SIGTERM came during a training.
    """
    sentences = file.sentences
    folds = dict(enumerate(divide_into_folds(sentences, settings.folds, settings.seed, file.source), 1))
    key = make_key(file, settings, version)
    paths = {number: folder / FOLD_FOLDER / f"fold_{number}.npz" for number in folds}
    claim_files(folder, [str(path.relative_to(folder)) for path in paths.values()])
    kept = {number: read_fold(paths[number], key, rows, file) for number, rows in folds.items()}
    found = {number: beliefs for number, beliefs in kept.items() if beliefs is not None}
    if found:
        logger.info(
            "%s of %s folds are known from an earlier run with the same data and settings.", len(found), len(folds)
        )
    missing = {number: rows for number, rows in folds.items() if number not in found}
    started = time.monotonic()
    workers = choose_workers(workers, len(missing))
    try:
        with closing(train_folds(file, settings, missing, workers)) as trainings:
            for trained, (number, beliefs) in enumerate(trainings, 1):
                write_fold(paths[number], key, beliefs, file.labels)
                found[number] = beliefs
                _report_progress(number, len(folds), time.monotonic() - started, trained, len(missing), workers)
    except (StoppedError, SystemExit):  # what a training says names a checkpoint that is gone with the model
        raise StoppedError(
            f"stopped by SIGTERM; the folds that are finished are kept in {folder / FOLD_FOLDER}. To continue: the "
            "same command again."
        ) from None
    return join_folds(folds, found, len(sentences))


def choose_workers(typed: int | None, folds: int) -> int:
    """Return how many folds are trained at the same time.

    Args:
        typed: `--num_workers`.
        folds: How many there are to train.

    Raises:
        UserError: fewer than one is typed.
    """
    if typed is not None and typed < 1:
        raise UserError(f"--num_workers {typed}: accepted: 1 or more folds at the same time; type --num_workers 1")
    by_cores = 1 if has_accelerator() else torch.get_num_threads() // LEAST_THREADS
    return max(min(by_cores if typed is None else typed, folds), 1)


def train_folds(
    file: LabelledFile, settings: FoldSettings, folds: Mapping[int, Sequence[int]], workers: int
) -> Generator[tuple[int, Beliefs], None, None]:
    """Yield the number of each fold, and what a model that learned the others thinks of it, as they are finished."""
    if workers == 1:
        for number, rows in folds.items():
            yield number, train_fold(file, settings, rows)
        return
    threads = max(torch.get_num_threads() // workers, 1)
    logger.info(
        "%s folds are trained at the same time, each with %s. Less memory: a smaller --num_workers.",
        workers,
        "one thread" if threads == 1 else f"{threads} threads",
    )
    yield from train_at_once(file, settings, folds, workers, threads)


def join_folds(folds: Mapping[int, Sequence[int]], found: Mapping[int, Beliefs], count: int) -> Beliefs:
    """Return what the models of all folds think, in the order of the file, which has `count` sentences."""
    beliefs = Beliefs([[] for _ in range(count)], [np.empty(0)] * count)
    for number, rows in folds.items():
        of_fold = found[number]
        for row, tags, weights in zip(rows, of_fold.tags, of_fold.log_probabilities, strict=True):
            beliefs.tags[row], beliefs.log_probabilities[row] = tags, weights
    return beliefs


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


def _report_progress(number: int, folds: int, seconds: float, trained: int, missing: int, workers: int) -> None:
    rounds_left = math.ceil((missing - trained) / workers)
    a_round = seconds / math.ceil(trained / workers)
    remaining = f"; about {format_time(a_round * rounds_left)} left" if rounds_left else ""
    logger.info("Fold %s of %s is done%s.", number, folds, remaining)


def format_time(seconds: float) -> str:
    """Return a time in minutes and seconds.

    >>> format_time(5), format_time(125.4)
    ('5 s', '2 min 5 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
