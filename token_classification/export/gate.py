"""The gate: what each variant of a model scores and costs, and whether one may take the model's place."""

import logging
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from token_classification import text_tables
from token_classification.data.sentences import Sentences
from token_classification.errors import OutputError
from token_classification.inference.engine import Engine, open_engine
from token_classification.inference.export_record import list_model_files
from token_classification.inference.opened_model import BF16_BACKENDS

logger = logging.getLogger(__name__)

SPEED_SENTENCES = 256
"""How many sentences of the test file the speed is measured on"""
SPEED_ROUNDS = 3
LATENCY_SENTENCES = 50
"""How many of its sentences are tagged one by one"""


@dataclass(frozen=True)
class GateRow:
    """What one variant scores and costs."""

    variant: str
    """Name of the backend"""
    f1: float
    """Of entities, as `--do_eval` scores them (for tags without prefix: micro F1 of words)"""
    equal_tags: float
    """Share of the test file's words whose tag is the one from torch in float32"""
    sentences_per_second: float
    """All sentences at once, from words to tags: median of the rounds"""
    latency_p50: float
    """Milliseconds for one sentence by itself"""
    latency_p95: float
    size: float
    """Megabytes of the model's files"""
    same_alone: float = 1.0
    """Share of the words of some sentences whose tag is the same when each is tagged by itself"""
    kept: tuple[str, ...] = ()
    """Parts that were not quantized"""
    fault: str = ""
    """Why it can't take the model's place, whatever it scores"""


@dataclass(frozen=True)
class Gate:
    """Labelled test sentences, and the tags of torch in float32 for them."""

    test: Sentences
    source: str
    max_f1_drop: float
    reference: GateRow
    reference_tags: list[list[str]]

    def measure(self, engine: Engine, size: float, kept: Sequence[str] = ()) -> GateRow:
        """Score a variant and time it.

        Args:
            engine: The variant, opened.
            size: Megabytes of its files.
            kept: Its parts that were not quantized.
        """
        try:
            row = _measure(engine, self.test, self.source, size, self.reference_tags, kept)
        except OutputError as error:
            # Plain zeros: a comparison with NaN says nothing, and JSON has no such number.
            return GateRow(engine.backend, 0.0, 0.0, 0.0, 0.0, 0.0, size, 0.0, tuple(kept), error.problem)
        if row.same_alone == 1:
            return row
        if engine.backend not in BF16_BACKENDS:
            return replace(row, fault="tags depend on the batch")
        logger.warning(
            "%s: %.3f %% of the words have another tag when their sentence is tagged by itself: bf16 rounds, and what "
            "it rounds away depends on the batch.",
            *(engine.backend, 100 * (1 - row.same_alone)),
        )
        return row

    def measure_folder(self, folder: Path, kept: Sequence[str] = ()) -> GateRow:
        """Score and time an exported model; its size is that of the graph and of the weights beside it."""
        engine = open_engine(folder)
        files = [folder / name for name in list_model_files(engine.backend)]
        return self.measure(engine, sum(file.stat().st_size for file in files if file.exists()) / 1e6, kept)

    def passes(self, row: GateRow) -> bool:
        """Return whether a variant has no fault, and an F1 at most `max_f1_drop` below that of torch in float32."""
        # Rounded, because 0.5 - 0.495 is a hair more than 0.005.
        return not row.fault and round(self.reference.f1 - row.f1, 9) <= self.max_f1_drop


def open_gate(engine: Engine, test: Sentences, source: str, max_f1_drop: float, size: float) -> Gate:
    """Measure the original, which all variants are compared with.

    Args:
        engine: The model in torch and float32.
        test: Labelled sentences.
        source: Where they come from.
        max_f1_drop: How much F1 a variant may lose, as a fraction.
        size: Megabytes of the model.
    """
    tags = engine.evaluate(test, source).tags
    return Gate(test, source, max_f1_drop, _measure(engine, test, source, size, tags, ()), tags)


def format_table(rows: Sequence[GateRow]) -> str:
    """Return the table with a row per variant; F1 and shares are in percent."""
    head = ["variant", "F1", "equal tags", "same alone", "sentences/s", "p50 ms", "p95 ms", "MB", ""]
    return text_tables.format_table([head, *map(_list_cells, rows)], left=(0, 8))


def _list_cells(row: GateRow) -> list[str]:
    remarks = [row.fault] if row.fault else []
    if row.kept:
        remarks.append(f"not quantized: {', '.join(row.kept)}")
    return [
        row.variant,
        f"{100 * row.f1:.2f}",
        f"{100 * row.equal_tags:.3f}",
        f"{100 * row.same_alone:.3f}",
        f"{row.sentences_per_second:,.0f}",
        f"{row.latency_p50:.1f}",
        f"{row.latency_p95:.1f}",
        f"{row.size:.1f}",
        "; ".join(remarks),
    ]


def _measure(
    engine: Engine,
    test: Sentences,
    source: str,
    size: float,
    reference_tags: Sequence[Sequence[str]],
    kept: Sequence[str],
) -> GateRow:
    results = engine.evaluate(test, source)
    drawn = random.Random(0).sample(range(len(test)), min(LATENCY_SENTENCES, len(test)))
    alone, latencies = _tag_single_sentences(engine, [test.tokens[place] for place in drawn])
    return GateRow(
        variant=engine.backend,
        f1=results.metrics["f1"],
        equal_tags=_compare_tags(results.tags, reference_tags),
        same_alone=_compare_tags(alone, [results.tags[place] for place in drawn]),
        sentences_per_second=_time_all_sentences(engine, test),
        latency_p50=float(np.percentile(latencies, 50)),
        latency_p95=float(np.percentile(latencies, 95)),
        size=size,
        kept=tuple(kept),
    )


def _compare_tags(tags: Sequence[Sequence[str]], others: Sequence[Sequence[str]]) -> float:
    """Return the share of words that have the same tag; 1 where there are no words."""
    pairs = zip(chain.from_iterable(tags), chain.from_iterable(others), strict=True)
    equal = [tag == other for tag, other in pairs]
    return sum(equal) / len(equal) if equal else 1.0


def _time_all_sentences(engine: Engine, test: Sentences) -> float:
    """Return sentences per second; the first round, which compiles kernels for its shapes, does not count."""
    tokens = random.Random(0).sample(test.tokens, min(SPEED_SENTENCES, len(test)))
    speeds = []
    for _ in range(SPEED_ROUNDS + 1):
        start = time.perf_counter()
        engine.tag(tokens)
        speeds.append(len(tokens) / (time.perf_counter() - start))
    return statistics.median(speeds[1:])


def _tag_single_sentences(engine: Engine, tokens: Sequence[list[str]]) -> tuple[list[list[str]], list[float]]:
    """Tag sentences one by one.

    Returns:
        Their tags, and the milliseconds that each takes the second time it is seen.
    """
    tags, milliseconds = [], []
    for words in tokens:
        tags += engine.tag([words]).tags
        start = time.perf_counter()
        engine.tag([words])
        milliseconds.append(1000 * (time.perf_counter() - start))
    return tags, milliseconds
