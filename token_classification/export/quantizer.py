"""int8 models of one float32 model, as many as the gate asks for: parts that hurt are kept in higher precision."""

import logging
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from token_classification.data.sentences import Sentences
from token_classification.export.gate import Gate, GateRow
from token_classification.export.variants import copy_without_model, write_record
from token_classification.inference.engine import Engine, WordTags, open_engine

logger = logging.getLogger(__name__)

KEPT_PARTS_LIMIT = 3
"""Parts that are kept in higher precision at most, before an int8 model is rejected"""
CALIBRATION_SENTENCES = 300
"""Sentences that show the ranges of activations: the number that NNCF takes by default"""
RANKING_SENTENCES = 100
"""Of these, sentences that the effect of each part is measured with"""

Quantize = Callable[[Path, Sequence[dict[str, np.ndarray]], Sequence[str], Path], None]
"""(folder of the float32 model, calibration inputs, parts to keep, folder for the result)"""


@dataclass(frozen=True)
class Quantizer:
    """Makes int8 models of one float32 model, as many as the gate asks for."""

    exact: Path
    """Folder of the float32 model"""
    backend: str
    engine: Engine
    """The model in torch"""
    parts: list[str]
    """Names of its parts"""
    calibration: list[list[str]]
    """Sentences as words"""
    quantize: Quantize

    def quantize_for(self, gate: Gate) -> tuple[Path, list[GateRow]]:
        """Quantize all parts; where that loses too much, all but the one that hurts most, and so on up to a limit.

        Returns:
            The folder of the last attempt, and a row for each.
        """
        folder = self.build("int8", (), self.calibration)
        rows = [gate.measure_folder(folder)]
        if gate.passes(rows[-1]):
            return folder, rows
        logger.warning(
            "int8 loses %.2f points of F1; up to %s parts are kept in higher precision, those first that hurt most.",
            100 * (gate.reference.f1 - rows[-1].f1),
            KEPT_PARTS_LIMIT,
        )
        ranked = self.rank()
        for count in range(1, min(KEPT_PARTS_LIMIT, len(ranked)) + 1):
            folder = self.build(f"int8-{count}", ranked[:count], self.calibration)
            rows.append(gate.measure_folder(folder, ranked[:count]))
            if gate.passes(rows[-1]):
                break
        return folder, rows

    def rank(self) -> list[str]:
        """The parts; first that which, kept alone, brings the model nearest to float32 on calibration sentences."""
        tokens = self.calibration[:RANKING_SENTENCES]
        reference = open_engine(self.exact).tag(tokens)
        distances = {}
        for part in self.parts:
            folder = self.build("ranking", [part], tokens)
            distances[part] = measure_distance(reference, open_engine(folder).tag(tokens))
            logger.info("%s from float32: %.5f", part, distances[part])
        return sorted(self.parts, key=distances.__getitem__)

    def build(self, name: str, kept: Sequence[str], tokens: Sequence[Sequence[str]]) -> Path:
        """The folder of an int8 model beside that of the float32 one."""
        logger.info("Quantizing to int8%s", f", but not {', '.join(kept)}" if kept else "")
        folder = self.exact.parent / name
        shutil.rmtree(folder, ignore_errors=True)
        copy_without_model(self.exact, folder)
        self.quantize(self.exact, build_inputs(self.engine, tokens), kept, folder)
        write_record(folder, self.backend, self.engine)
        return folder


def draw_calibration(sentences: Sentences) -> list[list[str]]:
    """Sentences to calibrate with, the same in each call."""
    tokens = [words for words in sentences.tokens if words]
    return random.Random(0).sample(tokens, min(CALIBRATION_SENTENCES, len(tokens)))


def build_inputs(engine: Engine, tokens: Sequence[Sequence[str]]) -> list[dict[str, np.ndarray]]:
    """Each window of some sentences as a batch of its own, int64 (1, length): padding would widen the ranges."""
    windows = engine.aligner.align(Sentences(tokens)).windows
    batches = [engine.loop.collator([windows[index]]) for index in range(len(windows))]
    return [{name: tensor.numpy() for name, tensor in batch.items()} for batch in batches]


def measure_distance(reference: WordTags, other: WordTags) -> float:
    """Mean over the words: 1 where the tag is another one, else by how much its probability differs."""
    words = zip(
        *(chain.from_iterable(rows) for rows in (reference.tags, other.tags, reference.scores, other.scores)),
        strict=True,
    )
    return float(np.mean([1.0 if tag != changed else abs(p - q) for tag, changed, p, q in words]))
