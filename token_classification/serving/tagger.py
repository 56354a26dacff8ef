"""Texts of the queue on their way through the model: to words and windows, and from logits to tags."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from token_classification.alignment.batches import Sharing
from token_classification.alignment.windows import Windows, join_windows
from token_classification.arguments.decoding import Decoder
from token_classification.inference.predictor import Predictor, TaggedText
from token_classification.inference.texts import list_rows, place_words
from token_classification.scoring.decode import Viterbi, build_viterbi
from token_classification.scoring.predict import (
    WordLogits,
    WordPredictions,
    check_scores,
    choose_labels,
    name_predictions,
    note_log_probabilities,
)
from token_classification.serving.waiting import Unit, WaitingText, choose_batch, find_due_times, take_urgent

CPU_BATCH_TOKENS, ACCELERATOR_BATCH_TOKENS = 1024, 16384
"""Padded positions per batch: less than in bulk, because a text that arrives meanwhile waits for the whole batch"""
CPU_OVERHEAD, ACCELERATOR_OVERHEAD = 32, 4096
"""What a batch costs beside its positions, in positions"""
OLD_SHARE = 0.9
"""Weight of what was measured before in the mean time per position"""


class Observer(Protocol):
    """Who is told about each batch."""

    def batch_ran(self, windows: int, tokens: int, positions: int, seconds: float) -> None:
        """Note a batch: its windows, their tokens, and the positions that these are with padding."""


@dataclass(frozen=True)
class Batch:
    """Windows that are run together."""

    units: Sequence[Unit]
    sharing: Sharing
    """Which windows may share a batch, as it was found for these"""


class Tagger:
    """A model with what is needed to tag texts window by window; threads may share it."""

    def __init__(self, predictor: Predictor, batch_tokens: int | None, observer: Observer | None) -> None:
        engine = predictor.engine
        on_cpu = str(engine.loop.device) == "cpu"
        self.predictor = predictor
        self.batch_tokens = batch_tokens or (CPU_BATCH_TOKENS if on_cpu else ACCELERATOR_BATCH_TOKENS)
        self.overhead = CPU_OVERHEAD if on_cpu else ACCELERATOR_OVERHEAD
        self.observer = observer
        self._lock = threading.Lock()
        self.seconds_per_position = 1e-4
        self._decoders: dict[Decoder | None, Viterbi | None] = {
            None: engine.loop.decoder,
            "argmax": None,
            "viterbi": build_viterbi(engine.label_set),
        }

    def prepare(self, texts: Sequence[WaitingText]) -> list[Unit]:
        """Find the words of some texts and cut them into windows.

        Returns:
            The windows; a text without words has none.
        """
        placed = [place_words(item.text, self.predictor.words) for item in texts]
        rows = list_rows([item.text for item in texts], [words for _, _, words in placed])
        split = self.predictor.engine.align(rows)
        borders = np.searchsorted(split.windows.sentence_ids, np.arange(len(texts) + 1))
        units = []
        for item, (text, spans, _), (start, end) in zip(texts, placed, pairwise(borders.tolist()), strict=True):
            item.shown, item.spans = text, spans
            item.logits = [None] * (end - start)
            item.missing = end - start
            lengths = split.windows.lengths[start:end]
            due = find_due_times(item.arrived, lengths, self.seconds_per_position)
            units += [
                Unit(item, split.windows, start + number, number, int(length), float(time_due))
                for number, (length, time_due) in enumerate(zip(lengths, due, strict=True))
            ]
        return units

    def choose_batch(self, units: list[Unit], shares: int = 1) -> tuple[Batch, list[Unit]]:
        """Return the windows of the next batch, and the rest; see `waiting.choose_batch`.

        Args:
            units: All that wait, at least one.
            shares: How many batches are run at the same time: what waits is divided among them.
        """
        # All that wait may be thousands: only those that may come into the batch are looked at.
        urgent, later = take_urgent(units, self.batch_tokens)
        loop = self.predictor.engine.loop
        known = loop.sharing.recall(max(unit.length for unit in urgent))
        found = loop.choose_sharing(_join(urgent)) if known is None else known
        step = loop.length_steps.step if loop.length_steps and found == Sharing.ANY_LENGTHS else 1
        sharing = loop.settle_lengths(np.empty(0), found)[1]
        budget = self.batch_tokens
        if shares > 1:
            lengths = [unit.length for unit in urgent]
            budget = min(budget, max(sum(lengths) // shares, max(lengths)))
        batch, others = choose_batch(urgent, budget, self.overhead, sharing, step)
        return Batch(batch, found), others + later

    def run(self, batch: Batch) -> list[WaitingText]:
        """Run a batch, and return the texts of which it was the last missing part."""
        started = time.monotonic()
        length = self._choose_length(batch)
        read = self.predictor.engine.loop.read_words(_join(batch.units), length)
        borders = np.flatnonzero(np.diff(read.sentence_ids)) + 1
        completed = []
        with self._lock:
            for unit, logits in zip(batch.units, np.split(read.logits, borders), strict=True):
                unit.text.logits[unit.number] = logits
                unit.text.missing -= 1
                if not unit.text.missing:
                    completed.append(unit.text)
            self._note(batch, length, time.monotonic() - started)
        return completed

    def finish(self, texts: Sequence[WaitingText]) -> list[TaggedText]:
        """Choose the tags of texts whose windows have all been run.

        Raises:
            OutputError: the model's outputs are NaN or infinite.
        """
        answers: dict[WaitingText, TaggedText] = {}
        for decoder in dict.fromkeys(item.decoder for item in texts):
            group = [item for item in texts if item.decoder == decoder]
            answers |= dict(zip(group, self._decode(group, self._decoders[decoder]), strict=True))
        return [answers[item] for item in texts]

    def _decode(self, texts: Sequence[WaitingText], decoder: Viterbi | None) -> list[TaggedText]:
        lengths = [len(item.spans) for item in texts]
        starts = np.concatenate(([0], np.cumsum(lengths)))
        result = WordPredictions(np.full(starts[-1], -1, dtype=np.int32), np.zeros(starts[-1], dtype=np.float32))
        parts = [part for item in texts for part in item.logits if part is not None]
        if parts:
            words = WordLogits(
                words=np.arange(starts[-1]),
                sentence_ids=np.repeat(np.arange(len(texts)), lengths),
                logits=np.concatenate(parts),
            )
            choose_labels(words, decoder, result)
            check_scores(result.scores)
            if self.predictor.proposer is not None:
                note_log_probabilities(words, result)
        tags = name_predictions(result, self.predictor.engine.label_set.names, starts)
        scores = result.scores.tolist()
        proposed = self.predictor.propose(tags, result.log_probabilities)
        return [
            TaggedText(item.shown, item.spans, row, scores[start:end], proposals=proposals)
            for item, row, (start, end), proposals in zip(
                texts, tags, pairwise(starts.tolist()), proposed, strict=True
            )
        ]

    def _choose_length(self, batch: Batch) -> int:
        """Return what a batch is padded to."""
        loop = self.predictor.engine.loop
        if loop.collator.length is not None:
            return loop.collator.length
        longest = max(unit.length for unit in batch.units)
        return int(loop.settle_lengths(np.array([longest]), batch.sharing)[0][0])

    def _note(self, batch: Batch, length: int, seconds: float) -> None:
        positions = len(batch.units) * length
        self.seconds_per_position = OLD_SHARE * self.seconds_per_position + (1 - OLD_SHARE) * seconds / positions
        if self.observer is not None:
            tokens = sum(unit.length for unit in batch.units)
            self.observer.batch_ran(len(batch.units), tokens, positions, seconds)


def _join(units: Sequence[Unit]) -> Windows:
    return join_windows([(unit.windows, unit.window) for unit in units])
