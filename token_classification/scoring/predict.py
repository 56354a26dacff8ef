"""The one prediction loop, for evaluation during training, `--do_eval`, `--do_predict` and all that tags text."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

import numpy as np
from tqdm.auto import tqdm

from token_classification.alignment.batches import LengthSteps, Sharing, WindowCollator, group_by_length
from token_classification.alignment.windows import Windows
from token_classification.alignment.words import expand_ranges
from token_classification.data.schemes import OUTSIDE
from token_classification.errors import OutputError
from token_classification.scoring.decode import LevelOutputs, Viterbi
from token_classification.scoring.losses import Losses, sum_losses
from token_classification.scoring.sharing import SharingProbe
from token_classification.scoring.side_by_side import run_side_by_side
from token_classification.scoring.softmax import log_softmax, softmax

if TYPE_CHECKING:
    import torch

Inputs = dict[str, np.ndarray]
"""What a model reads, by name, int64 (batch, length) each"""

RunModel = Callable[[Inputs, np.ndarray, np.ndarray], np.ndarray]
"""Batch, rows and columns of n of its positions -> logits there, float32 (n, labels); torch, ONNX and OpenVINO models
alike"""

WordMeasure = Callable[[np.ndarray], np.ndarray]
"""Logits, float32 (n, labels) -> how unsure they are of each word, float32 (n,): see `scoring.uncertainty`"""


@dataclass
class WordPredictions:
    """One label id and one score per word of a split, in the order of the words, whatever that of the batches."""

    label_ids: np.ndarray
    """int32, (words,); -1 for a word in no window (`--long_sentences truncate`)"""
    scores: np.ndarray
    """float32, (words,): probability of the label"""
    loss_sum: float = 0.0
    """Sum of the words' cross entropies"""
    loss_weight: float = 0.0
    """What the sum is divided by: the words with a gold label that the model knows, or their class weights"""
    repaired: int | None = None
    """How many sentences had an illegal sequence of most probable labels; None without a Viterbi decoder"""
    uncertainty: np.ndarray | None = None
    """float32, (words,): how unsure the model is of each word; None unless the loop has a measure"""
    vectors: dict[int, np.ndarray] = field(default_factory=dict)
    """Sentence -> float32, (width,): what the encoder makes of the words that the model is unsure of; empty unless the
    loop reads its states"""
    log_probabilities: np.ndarray | None = None
    """float32, (words, labels); None unless the loop keeps those of all labels"""
    states: np.ndarray | None = None
    """float16, (words, width): what the encoder makes of each word; None unless the loop reads and keeps it"""

    @property
    def loss(self) -> float | None:
        """Mean cross entropy per word; None without gold."""
        return self.loss_sum / self.loss_weight if self.loss_weight else None


@dataclass(frozen=True)
class WordLogits:
    """What the model says about the words that some windows own, in the order of the windows."""

    words: np.ndarray
    """int64, (n,): indices of the words in the split"""
    sentence_ids: np.ndarray
    """int64, (n,)"""
    logits: np.ndarray
    """float32, (n, labels), those of all levels side by side"""
    states: np.ndarray | None = None
    """float32, (n, width): what the encoder makes of the words, if the loop reads it"""

    def of_level(self, columns: slice) -> "WordLogits":
        """Return the logits of one level of nested entities."""
        return replace(self, logits=self.logits[:, columns])

    def split_at(self, row: int) -> tuple["WordLogits", "WordLogits"]:
        """Return the rows before `row`, and the rest."""
        parts = self._list_parts()
        return WordLogits(*(part[:row] for part in parts)), WordLogits(*(part[row:] for part in parts))

    def join(self, following: "WordLogits") -> "WordLogits":
        """Return these rows and then those of the next batch."""
        pairs = zip(self._list_parts(), following._list_parts(), strict=True)
        return WordLogits(*(np.concatenate(pair) for pair in pairs))

    def _list_parts(self) -> list[np.ndarray]:
        return [part for part in (self.words, self.sentence_ids, self.logits, self.states) if part is not None]


@dataclass(frozen=True)
class PredictionLoop:
    """How windows are run through a model and decoded.

    Windows of similar length share a batch, if that changes nothing for them (`scoring.sharing`). Only the rows of
    owned words are looked at, and of each word only the best label and its probability are kept: memory grows with the
    number of words, not with the longest sentence.
    """

    run_model: RunModel
    """The model, in evaluation mode"""
    collator: WindowCollator
    token_budget: int
    """Positions per batch, padding included"""
    levels: Sequence[LevelOutputs] = (LevelOutputs(),)
    """The only level of a model, or those of nested entities"""
    class_weights: "torch.Tensor | None" = None
    """float32, (labels,): they make the reported loss a weighted mean"""
    precision: Callable[[], AbstractContextManager[object]] = nullcontext
    """Opens the context in which the model runs (mixed precision)"""
    device: "torch.device | str" = "cpu"
    """Where the model is"""
    show_progress: bool = True
    sharing: SharingProbe = field(default_factory=SharingProbe)
    """Finds out which windows may share a batch"""
    length_steps: LengthSteps | None = None
    """What windows are padded to, for a runtime that takes new shapes badly; None: the longest of their batch"""
    measure: WordMeasure | None = None
    """Also says how unsure the model is of each word"""
    keeps_all: bool = False
    """Also keeps the probabilities of the labels that are not the best, and states where it reads them"""
    logit_columns: int | None = None
    """The first so many columns of what `run_model` returns are logits, the others states of the encoder; None: all
    are logits"""
    streams: int = 1
    """How many batches are run at the same time: as many threads may call `run_model`"""

    @property
    def decoder(self) -> Viterbi | None:
        """The decoder of a model with one level.

        Raises:
            ValueError: it has several.
        """
        [level] = self.levels
        return level.decoder

    def predict(self, windows: Windows, words: int, share: tuple[int, int] = (0, 1)) -> WordPredictions:
        """Predict a label for each of the `words` words of a split.

        Args:
            windows: All windows of the split.
            words: How many words the split has.
            share: (i, n): the i-th of n parts. Each process of a distributed run takes one; no sentence is divided.

        Raises:
            OutputError: the model's outputs are NaN or infinite.
            ValueError: the model has several levels.
        """
        [result] = self.predict_levels(windows, words, share)
        return result

    def predict_levels(self, windows: Windows, words: int, share: tuple[int, int] = (0, 1)) -> list[WordPredictions]:
        """Predict a label on each level for each of the `words` words of a split; see `predict`."""
        results = [
            WordPredictions(
                np.full(words, -1, dtype=np.int32),
                np.zeros(words, dtype=np.float32),
                repaired=None if level.decoder is None else 0,
                uncertainty=None if self.measure is None else np.zeros(words, dtype=np.float32),
            )
            for level in self.levels
        ]
        for part in self._whole_sentences(windows, share, results):
            for level, result in zip(self.levels, results, strict=True):
                own = part.of_level(level.columns)
                choose_labels(own, level.decoder, result)
                if self.measure is not None:
                    note_uncertainty(own, self.measure(own.logits), result)
                if self.keeps_all:
                    note_log_probabilities(own, result)
        for result in results:
            check_scores(result.scores)
        return results

    def read_words(self, windows: Windows, length: int | None = None) -> WordLogits:
        """Run windows, as few as `group_by_length` lets share a batch, in one batch.

        For a caller with batches of its own, which waits for the windows of a sentence before it chooses labels.

        Args:
            windows: The batch.
            length: What they are padded to; None: what the model needs.
        """
        return self._run_batch(windows, (np.arange(len(windows)), length))[0]

    def _whole_sentences(
        self, windows: Windows, share: tuple[int, int], results: Sequence[WordPredictions]
    ) -> Iterator[WordLogits]:
        """Run the batches; a sentence whose windows continue in the next batch is held back until it is complete."""
        # All windows decide, not those of the share: every process has to come to the same decision.
        lengths, sharing = self.settle_lengths(windows.lengths, self.choose_sharing(windows))
        batches = group_by_length(lengths, windows.sentence_ids, self.token_budget, share, sharing)
        kept: WordLogits | None = None
        bar = tqdm(total=sum(map(len, batches)), desc="Predicting", unit=" windows", disable=not self.show_progress)
        padded = [(batch, int(lengths[batch].max())) for batch in batches]
        answers = run_side_by_side(partial(self._run_batch, windows), padded, self.streams)
        with bar:
            for (part, losses), batch, following in zip_longest(answers, batches, batches[1:]):
                # Windows without labels have no losses.
                for result, (loss_sum, loss_weight) in zip(results, losses, strict=False):
                    result.loss_sum += loss_sum
                    result.loss_weight += loss_weight
                if kept is not None:
                    part = kept.join(part)
                    kept = None
                last = windows.sentence_ids[batch[-1]]
                if following is not None and windows.sentence_ids[following[0]] == last:
                    part, kept = part.split_at(int((part.sentence_ids != last).sum()))
                if len(part.words):
                    yield part
                bar.update(len(batch))

    def _run_batch(self, windows: Windows, padded: tuple[np.ndarray, int | None]) -> tuple[WordLogits, Losses]:
        """Run one batch, and pick the rows of the words that the windows own.

        Args:
            windows: All windows of the split.
            padded: Those of the batch, and what they are padded to; None: what the model needs.

        Returns:
            The rows, and their losses if the windows have labels.
        """
        batch, length = padded
        inputs = self.collator.pad([windows[window] for window in batch], length)
        labels = inputs.pop("labels", None)
        length = inputs["input_ids"].shape[1]
        owned = [slice(windows.owned_starts[window], windows.owned_starts[window + 1]) for window in batch]
        counts = [span.stop - span.start for span in owned]
        offsets = self.collator.find_offsets(windows.lengths[batch], length)
        columns = np.concatenate([windows.owned_positions[span] for span in owned]) + np.repeat(offsets, counts)
        rows = np.repeat(np.arange(len(batch)), counts)
        with self.precision():
            logits = self.run_model(inputs, rows, columns)
        states = None if self.logit_columns is None else logits[:, self.logit_columns :]
        logits = logits[:, : self.logit_columns]
        golds = None if labels is None else labels[rows, columns]
        words = WordLogits(
            words=np.concatenate([windows.owned_words[span] for span in owned]),
            sentence_ids=np.repeat(windows.sentence_ids[batch], counts),
            logits=logits,
            states=states,
        )
        return words, [] if golds is None else sum_losses(logits, golds, self.levels, self.class_weights)

    def settle_lengths(self, lengths: np.ndarray, sharing: Sharing) -> tuple[np.ndarray, Sharing]:
        """Return what windows are padded to, and which may then share a batch.

        Args:
            lengths: Positions of each window, int64 (windows,).
            sharing: What was chosen for them.

        Returns:
            int64, (windows,), and which of these may share a batch: a batch is padded to its longest one.
        """
        if self.length_steps is None or sharing != Sharing.ANY_LENGTHS:
            return lengths, sharing
        return self.length_steps.round_up(lengths), Sharing.EQUAL_LENGTHS

    def choose_sharing(self, windows: Windows) -> Sharing:
        """Return which windows of a split may share a batch; the model is tried if that is not known yet."""
        return self.sharing.decide(windows, self.token_budget, self.read_windows)

    def read_windows(self, windows: Sequence[dict[str, np.ndarray]]) -> list[np.ndarray]:
        """Run some windows in one batch and return the logits of each, float32 (positions, labels).

        Without `precision`: the rounding of bf16 would hide what the model's structure does.
        """
        inputs = self.collator.pad(windows)
        lengths = np.array([len(window["input_ids"]) for window in windows])
        offsets = self.collator.find_offsets(lengths, inputs["input_ids"].shape[1])
        rows = np.repeat(np.arange(len(windows)), lengths)
        columns = expand_ranges(offsets, lengths)
        logits = self.run_model(inputs, rows, columns)[:, : self.logit_columns]
        return np.split(logits, np.cumsum(lengths)[:-1])


def choose_labels(part: WordLogits, decoder: Viterbi | None, result: WordPredictions) -> None:
    """Write the label of each word of some whole sentences, and its probability, into a result.

    Args:
        part: What the model says about the words, sentence after sentence.
        decoder: None takes the most probable label of each word by itself.
        result: What is written to, at the places that `part.words` names.
    """
    label_ids = part.logits.argmax(axis=1) if decoder is None else _decode(part, decoder, result)
    result.label_ids[part.words] = label_ids
    result.scores[part.words] = softmax(part.logits)[np.arange(len(label_ids)), label_ids]


def note_uncertainty(part: WordLogits, uncertainty: np.ndarray, result: WordPredictions) -> None:
    """Write how unsure the model is of each word of some whole sentences into a result.

    With states each sentence also gets their sum, each word's times its uncertainty: short if the model is sure of all
    words, and alike for sentences with like doubts.

    Args:
        part: What the model says about the words.
        uncertainty: float32, (n,): that of each of these words.
        result: What is written to.
    """
    if result.uncertainty is not None:
        result.uncertainty[part.words] = uncertainty
    if part.states is not None:
        starts = _find_sentences(part.sentence_ids)
        sums = np.add.reduceat(part.states * uncertainty[:, None], starts, axis=0)
        # Copied, so that whoever keeps one does not keep its whole batch.
        result.vectors |= {
            row: vector.copy() for row, vector in zip(part.sentence_ids[starts].tolist(), sums, strict=True)
        }


def note_log_probabilities(part: WordLogits, result: WordPredictions) -> None:
    """Write the log probabilities of all labels for the words of some whole sentences into a result, and states."""
    if result.log_probabilities is None:
        result.log_probabilities = np.zeros((len(result.scores), part.logits.shape[-1]), dtype=np.float32)
    result.log_probabilities[part.words] = log_softmax(part.logits)
    if part.states is not None:
        if result.states is None:
            result.states = np.zeros((len(result.scores), part.states.shape[-1]), dtype=np.float16)
        result.states[part.words] = part.states.astype(np.float16)


def _find_sentences(sentence_ids: np.ndarray) -> np.ndarray:
    """Return the first word of each sentence, int64 (sentences,)."""
    is_first = np.ones(len(sentence_ids), dtype=bool)
    is_first[1:] = sentence_ids[1:] != sentence_ids[:-1]
    return np.flatnonzero(is_first)


def _decode(part: WordLogits, decoder: Viterbi, result: WordPredictions) -> np.ndarray:
    """Return the label ids of the words of whole sentences, int64 (n,), and count the sentences that were illegal.

    No sequence is more probable than that of the most probable labels: only where it is illegal, there is a search.
    """
    best = part.logits.argmax(axis=1)
    starts = _find_sentences(part.sentence_ids)
    lengths = np.append(starts[1:], len(best)) - starts
    illegal = ~decoder.is_legal(best, lengths)
    result.repaired = (result.repaired or 0) + int(illegal.sum())
    if not illegal.any():
        return best
    words, lengths = np.repeat(illegal, lengths), lengths[illegal]
    inside = np.arange(lengths.max()) < lengths[:, None]
    padded = np.zeros((*inside.shape, part.logits.shape[1]), dtype=np.float32)
    padded[inside] = log_softmax(part.logits[words])
    best[words] = decoder.decode(padded, lengths)[inside]
    return best


def check_scores(scores: np.ndarray) -> None:
    """Refuse tags that were read off NaN: any label would do.

    Raises:
        OutputError: there are such.
    """
    broken = int(np.count_nonzero(~np.isfinite(scores)))
    if broken:
        raise OutputError(
            f"the model's outputs are NaN or infinite for {broken:,} of {len(scores):,} words",
            "no tag can be read off them. Usual causes: weights that are NaN, or a precision that is too low for this "
            "model; run it with torch in float32",
        )


def merge_shares(shares: Sequence[WordPredictions]) -> WordPredictions:
    """Put together what several processes predicted; each word is in exactly one share."""
    merged = shares[0]
    for share in shares[1:]:
        found = share.label_ids >= 0
        merged.label_ids[found] = share.label_ids[found]
        merged.scores[found] = share.scores[found]
        merged.loss_sum += share.loss_sum
        merged.loss_weight += share.loss_weight
        if merged.repaired is not None and share.repaired is not None:
            merged.repaired += share.repaired
    return merged


def name_predictions(
    predictions: WordPredictions, names: Sequence[str], sentence_starts: np.ndarray
) -> list[list[str]]:
    """Turn label ids into tags, a list per sentence; a word in no window is `O`.

    Args:
        predictions: One label id per word.
        names: Label names in id order.
        sentence_starts: int64, (sentences + 1,): the first word of each sentence, and the number of words.
    """
    # The extra name at the end is the one that -1 points to.
    tags = np.array([*names, OUTSIDE], dtype=object)[predictions.label_ids].tolist()
    return [tags[start:end] for start, end in pairwise(sentence_starts)]
