"""A model opened for tagging: words in, one tag and one probability per word out, whatever runtime it uses."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from token_classification.alignment.align import AlignedSplit, Aligner, build_aligner
from token_classification.alignment.batches import CPU_POSITIONS, LengthSteps, build_collator
from token_classification.alignment.context import Passage
from token_classification.arguments.decoding import Decoder, choose_context, choose_decoder, choose_padding
from token_classification.arguments.model import ModelArguments
from token_classification.data.labels import LabelSet
from token_classification.data.levels import Labels, list_sets
from token_classification.data.sentences import Sentences
from token_classification.hardware import count_threads
from token_classification.inference.export_record import read_export_record
from token_classification.inference.exported_model import open_exported
from token_classification.inference.model_labels import take_only_level
from token_classification.inference.opened_model import BF16_BACKENDS, TORCH_BACKENDS, choose_backend
from token_classification.inference.repeats import find_distinct
from token_classification.scoring.decode import plan_levels
from token_classification.scoring.predict import PredictionLoop, RunModel, WordMeasure, name_predictions
from token_classification.scoring.sharing import BF16_ROUNDING, FLOAT32_ROUNDING, SharingProbe

if TYPE_CHECKING:
    from token_classification.scoring.evaluate import SplitResults

LENGTH_STEP = 8
"""OpenVINO makes kernels for each new shape of a batch; if lengths are multiples of this, shapes are few. It rounds to
bf16 and int8 by the length that a batch is padded to, and by nothing else around a window: if that is always the same,
answers depend on nothing else that is tagged."""

ACCELERATOR_POSITIONS = 32768
"""Padded positions of a batch that keep an accelerator busy"""


@dataclass(frozen=True)
class WordTags:
    """The model's answer for the words of some sentences, parallel to them."""

    tags: list[list[str]]
    scores: list[list[float]]
    """Probability of each tag"""
    log_probabilities: np.ndarray | None = None
    """float32, (words, labels), sentence after sentence, if they were asked for and there is a word"""

    def repeat(self, places: Sequence[int]) -> "WordTags":
        """Return the answers of sentences by their numbers, each as often as it is named."""
        weights = self.log_probabilities
        if weights is not None:
            borders = np.cumsum([0, *map(len, self.tags)])
            weights = np.concatenate([weights[borders[place] : borders[place + 1]] for place in places])
        tags, scores = ([[*rows[place]] for place in places] for rows in (self.tags, self.scores))
        return WordTags(tags, scores, weights)


@dataclass(frozen=True)
class Doubts:
    """How unsure the model is of some sentences."""

    words: list[np.ndarray]
    """Of each sentence: float32, (words,), as the measure gives it"""
    vectors: dict[int, np.ndarray]
    """Sentence with words -> float32, (width,): what the encoder makes of the doubtful ones; empty unless asked for"""


@dataclass(frozen=True)
class Beliefs:
    """What the model thinks of the words of some sentences."""

    tags: list[list[str]]
    """The labels that it chooses, parallel to the sentences"""
    log_probabilities: list[np.ndarray]
    """Of each sentence: float32, (words, labels), that of every label"""
    states: list[np.ndarray] = field(default_factory=list)
    """Of each sentence: float16, (words, width), what the encoder makes of its words; empty unless asked for"""


@dataclass(frozen=True)
class Engine:
    """A model with everything between words and tags; it uses the loop and the decoding of evaluation."""

    backend: str
    labels: Labels
    aligner: Aligner
    loop: PredictionLoop
    run_with_states: RunModel | None = None
    """Returns the encoder's last states behind the logits, to one thread at a time; None for exported models, which
    give logits only"""

    @property
    def streams(self) -> int:
        """How many threads may call it at the same time with a gain."""
        return self.loop.streams

    @property
    def label_set(self) -> LabelSet:
        """The labels of a model with one level.

        Raises:
            UserError: it finds nested entities, for which whoever asks has no place.
        """
        return take_only_level(self.labels, self.aligner.tokenizer.name_or_path)

    @property
    def decoder_name(self) -> str:
        """How tags are chosen: `argmax` or `viterbi`."""
        return "argmax" if all(level.decoder is None for level in self.loop.levels) else "viterbi"

    def tag(self, tokens: Sequence[Sequence[str]]) -> WordTags:
        """Tag any number of sentences of any length: one tag and one probability per word.

        Raises:
            UserError: the model has several levels.
        """
        [level] = list_sets(self.label_set)
        return self.tag_levels(tokens)[level]

    def align(self, tokens: Sequence[Sequence[str]] | Sequence[Passage]) -> AlignedSplit:
        """Cut sentences into windows, or passages, whose neighbours are read with them by models trained that way."""
        if tokens and isinstance(tokens[0], Passage):
            return self.aligner.align_passages(cast(Sequence[Passage], tokens))
        sentences = cast(Sequence[Sequence[str]], tokens)
        return self.aligner.align(Sentences([list(words) for words in sentences]))

    def tag_levels(
        self, tokens: Sequence[Sequence[str]] | Sequence[Passage], *, keeps_all: bool = False
    ) -> dict[str, WordTags]:
        """Tag sentences on each level that the model has, by its name; that of a single one is empty.

        Sentences with the same words are tagged once. (Passages may differ in their neighbours.)
        """
        if tokens and not isinstance(tokens[0], Passage):
            distinct, places = find_distinct(cast(Sequence[Sequence[str]], tokens))
            if len(distinct) < len(tokens):
                once = self.tag_levels(distinct, keeps_all=keeps_all)
                return {level: answers.repeat(places) for level, answers in once.items()}
        split = self.align(tokens)
        loop = replace(self.loop, keeps_all=True) if keeps_all else self.loop
        predictions = loop.predict_levels(split.windows, split.ledger.words)
        borders = [*pairwise(split.sentence_starts.tolist())]
        tagged = {}
        for (level, label_set), found in zip(list_sets(self.labels).items(), predictions, strict=True):
            scores = found.scores.tolist()
            tagged[level] = WordTags(
                tags=name_predictions(found, label_set.names, split.sentence_starts),
                scores=[scores[start:end] for start, end in borders],
                log_probabilities=found.log_probabilities,
            )
        return tagged

    def measure(self, tokens: Sequence[Sequence[str]], measure: WordMeasure, *, with_vectors: bool = False) -> Doubts:
        """Say how unsure the model is of each word of some sentences; `with_vectors` needs `run_with_states`."""
        loop = replace(self._reading_states() if with_vectors else self.loop, measure=measure)
        split = self.aligner.align(Sentences([list(words) for words in tokens]))
        predictions = loop.predict(split.windows, split.ledger.words)
        assert predictions.uncertainty is not None
        bounds = pairwise(split.sentence_starts.tolist())
        return Doubts([predictions.uncertainty[start:end] for start, end in bounds], predictions.vectors)

    def weigh_labels(self, tokens: Sequence[Sequence[str]], *, with_states: bool = False) -> Beliefs:
        """Tag sentences, and say how probable every label of each word is; `with_states` needs `run_with_states`."""
        split = self.aligner.align(Sentences([list(words) for words in tokens]))
        loop = replace(self._reading_states() if with_states else self.loop, keeps_all=True)
        predictions = loop.predict(split.windows, split.ledger.words)
        weights = predictions.log_probabilities
        if weights is None:  # there was no word
            weights = np.zeros((0, len(self.label_set.names)), dtype=np.float32)
        bounds = [*pairwise(split.sentence_starts.tolist())]
        tags = name_predictions(predictions, self.label_set.names, split.sentence_starts)
        found = predictions.states
        states = [] if found is None else [found[start:end] for start, end in bounds]
        return Beliefs(tags, [weights[start:end] for start, end in bounds], states)

    def _reading_states(self) -> PredictionLoop:
        """Return the loop that also reads what the encoder makes of the words, if that can be read."""
        if self.run_with_states is None:
            return self.loop
        return replace(self.loop, run_model=self.run_with_states, logit_columns=len(self.label_set))

    def evaluate(self, sentences: Sentences, source: str = "input", *, keeps_all: bool = False) -> "SplitResults":
        """Tag a split, and score it if it has gold tags, as `run_ner.py --do_eval` does."""
        from token_classification.scoring.evaluate import evaluate_split

        split = self.aligner.align(sentences, source)
        predictions = replace(self.loop, keeps_all=keeps_all).predict(split.windows, split.ledger.words)
        return evaluate_split(predictions, split, self.label_set)


def open_engine(
    model: str | Path,
    backend: str = "auto",
    *,
    token_budget: int | None = None,
    max_seq_length: int | None = None,
    decoder: Decoder | None = None,
    show_progress: bool = False,
    streams: int | None = 1,
) -> Engine:
    """Open a trained or exported model.

    Args:
        model: A folder, or a name on the Hub.
        backend: One of `BACKENDS`. `auto`: what `export.json` names, and for any other model torch in float32, so that
            the tags are those that evaluate scores.
        token_budget: Padded positions per batch; None: by the device.
        max_seq_length: Longest input in positions, by default what the model was trained with, else what it can take
            (-1: that in any case); a longer sentence becomes several windows.
        decoder: As `--decoder` of `run_ner.py`; by default what the model was trained with; argmax if that is unknown.
        show_progress: Show a progress bar for each call.
        streams: How many batches are run at the same time, each with its share of the cores, where the runtime can
            divide them (OpenVINO): more sentences per second, while a single one has one share. None: one per core.

    Raises:
        UserError: no such model, it was not fine-tuned, or it can't run with this backend.
    """
    record = read_export_record(Path(model))
    backend = choose_backend(model, backend, record)
    streams = (streams or count_threads()) if backend.startswith("openvino") else 1
    if record is None or backend in TORCH_BACKENDS:
        from token_classification.inference.torch_network import open_trained

        opened = open_trained(ModelArguments(str(model)), max_seq_length, in_bf16=backend == "torch-bf16")
    else:
        opened = open_exported(Path(model), record, max_seq_length, streams)
    # torch is tried in float32 even where it runs in bf16.
    rounds_coarsely = backend in BF16_BACKENDS and backend not in TORCH_BACKENDS
    steps = LengthSteps(LENGTH_STEP, opened.window_length) if backend.startswith("openvino") else None
    sharing = SharingProbe(BF16_ROUNDING if rounds_coarsely else FLOAT32_ROUNDING, pads_alone=steps is not None)
    aligner = build_aligner(
        opened.tokenizer,
        opened.labels,
        window_length=opened.window_length,
        context=choose_context(None, opened.config),
    )
    padding = opened.window_length if choose_padding(False, opened.config) else None
    loop = PredictionLoop(
        run_model=opened.run_model,
        collator=build_collator(opened.tokenizer, aligner.special, padding),
        token_budget=token_budget or (CPU_POSITIONS if str(opened.device) == "cpu" else ACCELERATOR_POSITIONS),
        levels=plan_levels(opened.labels, choose_decoder(decoder, opened.config)),
        precision=opened.precision,
        device=opened.device,
        show_progress=show_progress,
        sharing=sharing,
        length_steps=steps,
        streams=streams,
    )
    return Engine(backend, opened.labels, aligner, loop, opened.run_with_states)
