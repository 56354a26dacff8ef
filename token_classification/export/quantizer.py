"""int8 models of one float32 model, as many as the gate requires: parts that hurt are kept in higher precision."""

import logging
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from token_classification.data.sentences import Sentences
from token_classification.export.gate import Gate, GateRow
from token_classification.export.variants import copy_without_model, write_record
from token_classification.inference.engine import Engine, WordTags, open_engine

logger = logging.getLogger(__name__)

KEPT_PARTS_LIMIT = 3
"""How many parts are kept in higher precision at most before an int8 model is rejected"""
CALIBRATION_SENTENCES = 300
"""How many sentences show the ranges of activations; as many as NNCF takes by default"""
RANKING_SENTENCES = 100
"""How many of them the effect of each part is measured with"""

Quantize = Callable[[Path, Sequence[dict[str, np.ndarray]], Sequence[str], Path], None]
"""(folder of the float32 model, calibration inputs, parts to keep, folder for the result)"""
RestorePart = Callable[[Path, Path, str, Path], None]
"""(folders of the float32 and of an int8 model, part that is to be in float32, folder for the result)"""


@dataclass(frozen=True)
class Quantizer:
    """Makes int8 models of one float32 model, as many as the gate requires."""

    exact: Path
    """Folder of the float32 model"""
    backend: str
    engine: Engine
    """The original in torch"""
    parts: list[str]
    """Names of its parts"""
    calibration: list[list[str]]
    """Sentences as words"""
    quantize: Quantize
    restore_part: RestorePart | None = None
    """The quick way to see what a part costs; None: quantize anew without it"""

    def quantize_for(self, gate: Gate, ranks: bool = True) -> tuple[Path, list[GateRow]]:
        """Quantize all parts; if that loses too much, all but the one that hurts most, and so on up to a limit.

        Args:
            gate: What each attempt has to pass.
            ranks: Whether there is a second attempt.

        Returns:
            The folder of the last attempt, and a row for each attempt.
        """
        folder = self.build("int8", (), self.calibration)
        rows = [gate.measure_folder(folder)]
        if not ranks or gate.passes(rows[-1]):
            return folder, rows
        logger.warning(
            "int8 loses %.2f points of F1; up to %s parts are kept in higher precision, the most harmful ones first.",
            100 * (gate.reference.f1 - rows[-1].f1),
            KEPT_PARTS_LIMIT,
        )
        ranked = self.rank(folder)
        for count in range(1, min(KEPT_PARTS_LIMIT, len(ranked)) + 1):
            folder = self.build(f"int8-{count}", ranked[:count], self.calibration)
            rows.append(gate.measure_folder(folder, ranked[:count]))
            if gate.passes(rows[-1]):
                break
        return folder, rows

    def rank(self, quantized: Path) -> list[str]:
        """Sort the parts: first the one that, kept alone, brings the model nearest to float32 on calibration data.

        Args:
            quantized: Folder of the model with all parts in int8.
        """
        tokens = self.calibration[:RANKING_SENTENCES]
        reference = open_engine(self.exact).tag(tokens)
        distances = {}
        for part in self.parts:
            if self.restore_part is None:
                folder = self.build("ranking", [part], tokens)
            else:
                folder = self._write("ranking", partial(self.restore_part, self.exact, quantized, part))
            distances[part] = measure_distance(reference, open_engine(folder).tag(tokens))
            logger.info("Distance from float32 when %s is kept: %.5f", part, distances[part])
        return sorted(self.parts, key=distances.__getitem__)

    def build(self, name: str, kept: Sequence[str], tokens: list[list[str]]) -> Path:
        """Build an int8 model and return its folder, beside that of the float32 one."""
        logger.info("Quantizing to int8%s", f" except {', '.join(kept)}" if kept else "")
        return self._write(name, partial(self.quantize, self.exact, build_inputs(self.engine, tokens), kept))

    def _write(self, name: str, write_model: Callable[[Path], None]) -> Path:
        """Write a model's folder beside that of the float32 one."""
        folder = self.exact.parent / name
        shutil.rmtree(folder, ignore_errors=True)
        copy_without_model(self.exact, folder)
        write_model(folder)
        write_record(folder, self.backend, self.engine)
        return folder


def draw_calibration(sentences: Sentences) -> list[list[str]]:
    """Draw sentences to calibrate with, the same in each call."""
    tokens = [words for words in sentences.tokens if words]
    return random.Random(0).sample(tokens, min(CALIBRATION_SENTENCES, len(tokens)))


def build_inputs(engine: Engine, tokens: list[list[str]]) -> list[dict[str, np.ndarray]]:
    """Build a batch of each window of some sentences, int64 (1, length): padding would widen the ranges."""
    windows = engine.aligner.align(Sentences(tokens)).windows
    batches = [engine.loop.collator([windows[index]]) for index in range(len(windows))]
    return [{name: tensor.numpy() for name, tensor in batch.items()} for batch in batches]


def measure_distance(reference: WordTags, other: WordTags) -> float:
    """Return the mean over the words of 1 where the tags differ, else of the difference of their probabilities."""
    words = zip(
        *(chain.from_iterable(rows) for rows in (reference.tags, other.tags, reference.scores, other.scores)),
        strict=True,
    )
    return float(np.mean([1.0 if tag != changed else abs(p - q) for tag, changed, p, q in words]))
