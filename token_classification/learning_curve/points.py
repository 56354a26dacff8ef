"""The points of a learning curve: a training on each nested part of the file, with each seed; results stay on disk."""

import hashlib
import json
import logging
import math
import random
import sys
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from token_classification.auditing.fold_training import RECIPE, list_records, train_on
from token_classification.auditing.out_of_fold import format_time
from token_classification.auditing.read_file import LabelledFile
from token_classification.data.results_folder import claim_files
from token_classification.data.whole_files import write_whole
from token_classification.errors import DataError, StoppedError
from token_classification.scoring.error_classes import pair_sentences
from token_classification.scoring.intervals import SentenceCounts, count_types

logger = logging.getLogger(__name__)

POINT_FOLDER = "points"
LEAST_SENTENCES = 25
"""Of the smallest part: a model that saw fewer tells nothing"""
LEAST_ENTITIES = 30
"""Of the validation data: with fewer, every interval holds every score"""


@dataclass(frozen=True)
class CurveSettings:
    """Which encoder learns, from how many parts, how often, and how."""

    encoder: str
    parts: int = 5
    seeds: int = 3
    task: str = "ner"
    recipe: Mapping[str, object] = field(default_factory=lambda: dict(RECIPE))

    @property
    def places(self) -> list[int]:
        """The seeds: of the order in which sentences are taken, and of the training."""
        return [*range(1, self.seeds + 1)]


def choose_sizes(file: LabelledFile, parts: int) -> list[int]:
    """Return how many sentences each part has: each twice as many as the one before, the last one all.

    Raises:
        DataError: the smallest part would be too small.
    """
    sentences = len(file.sentences)
    sizes = [math.ceil(sentences / 2**halvings) for halvings in range(parts - 1, -1, -1)]
    if sizes[0] < LEAST_SENTENCES:
        raise DataError(
            f"{file.source}: {sentences:,} sentences, of which the smallest of {parts} parts has {sizes[0]}; "
            f"accepted: parts of {LEAST_SENTENCES} or more, that is {LEAST_SENTENCES * 2 ** (parts - 1):,} sentences "
            f"for --parts {parts}; label more, or give a smaller --parts (4 or more)"
        )
    return sizes


def check_validation(validation: LabelledFile) -> None:
    """Refuse validation data that are too few.

    Raises:
        DataError: they hold too few entities.
    """
    gold = validation.sentences.gold
    counts = count_types(pair_sentences(gold, gold, validation.scheme)).join_groups()
    entities = int(counts.totals[0, 0])
    if entities < LEAST_ENTITIES:
        raise DataError(
            f"{validation.source}: {entities} entities, so few that nothing could be told apart; accepted: "
            f"{LEAST_ENTITIES} or more; give a larger --validation_file"
        )


def measure_points(
    train: LabelledFile, validation: LabelledFile, settings: CurveSettings, folder: Path, version: str
) -> np.ndarray:
    """Train on each part with each seed, unless that was done before, and count what is right on the validation data.

    Args:
        train: What the parts are of.
        validation: What every model is scored on.
        settings: How to divide and to train.
        folder: Where the results of trainings are kept.
        version: What identifies the encoder beside its name.

    Returns:
        int32, (parts, seeds, sentences, 3): gold, predicted and correct entities of each sentence.

    Raises:
        UserError: too little data, or whatever is wrong with the encoder.
        StoppedError: SIGTERM came during a training.
    """
    sizes = choose_sizes(train, settings.parts)
    key = make_key(train, validation, settings, version)
    names = {
        (size, seed): Path(POINT_FOLDER) / f"sentences-{size}_seed-{seed}.npz"
        for size, seed in product(sizes, settings.places)
    }
    claim_files(folder, [*map(str, names.values())])
    found = {point: read_point(folder / name, key) for point, name in names.items()}
    left = [point for point, counts in found.items() if counts is None]
    if len(left) < len(names):
        logger.info("%s of %s trainings are known from an earlier run.", len(names) - len(left), len(names))
    started = time.monotonic()
    for number, (size, seed) in enumerate(left, 1):
        try:
            found[size, seed] = train_point(train, validation, settings, size, seed)
        except StoppedError:  # it names a checkpoint that is gone with the model
            raise StoppedError(
                f"stopped by SIGTERM; the trainings that are finished are kept in {folder / POINT_FOLDER}. To "
                "continue: the same command again."
            ) from None
        write_point(folder / names[size, seed], key, found[size, seed])
        remaining = (time.monotonic() - started) / number * (len(left) - number)
        ahead = f"; about {format_time(remaining)} left" if number < len(left) else ""
        logger.info("Training %s of %s (%s sentences, seed %s) is done%s.", number, len(left), size, seed, ahead)
    return np.stack([[found[size, seed] for seed in settings.places] for size in sizes])


def choose_rows(sentences: int, size: int, seed: int) -> list[int]:
    """Return the sentences of a part, in the order of the file; those of a smaller part of the seed are among them."""
    order = list(range(sentences))
    random.Random(seed).shuffle(order)
    return sorted(order[:size])


def train_point(
    train: LabelledFile, validation: LabelledFile, settings: CurveSettings, size: int, seed: int
) -> np.ndarray:
    """Train on a part for as many steps as all of the file would get, and score the model.

    With the same number of epochs, small parts would get too few steps to learn anything at all.

    Returns:
        int32, (sentences, 3).
    """
    recipe = dict(settings.recipe)
    steps = math.ceil(len(train.sentences) / int(str(recipe["per_device_train_batch_size"])))
    epochs = float(str(recipe.pop("num_train_epochs")))
    rows = choose_rows(len(train.sentences), size, seed)
    with TemporaryDirectory() as folder:
        run = train_on(
            train,
            rows,
            settings.encoder,
            settings.task,
            Path(folder),
            course=sys.stderr,
            validation=list_records(validation, range(len(validation.sentences)), settings.task),
            seed=seed,
            max_steps=max(1, math.ceil(steps * epochs)),
            **recipe,
        )
    predicted = run.splits["validation"].results.tags
    return count_types(pair_sentences(validation.sentences.gold, predicted, train.scheme)).join_groups().values[..., 0]


def make_key(train: LabelledFile, validation: LabelledFile, settings: CurveSettings, version: str) -> str:
    """Return a checksum of everything that a point depends on beside its size and its seed."""
    data = [[file.sentences.tokens, file.sentences.gold] for file in (train, validation)]
    content = [data, version, settings.encoder, settings.task, dict(settings.recipe)]
    return hashlib.sha256(json.dumps(content).encode(errors="surrogatepass")).hexdigest()


def write_point(path: Path, key: str, counts: np.ndarray | None) -> None:
    """Write the counts of a training."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = BytesIO()
    np.savez_compressed(content, key=np.array(key), counts=np.asarray(counts, dtype=np.int32))
    write_whole(path, content.getvalue())


def read_point(path: Path, key: str) -> np.ndarray | None:
    """Return the counts of a training; None where there are none, or those of other data or settings."""
    if not path.exists():
        return None
    try:
        with np.load(path) as stored:
            if str(stored["key"]) == key:
                return stored["counts"]
            reason = "made with other data or settings"
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        reason = f"can't be read ({error})"
    logger.warning("%s: %s; this part is trained again.", path, reason)
    return None


def as_counts(counts: np.ndarray) -> SentenceCounts:
    """Return the counts of a training, int32 (sentences, 3), as one group."""
    return SentenceCounts(("all",), counts[..., None])
