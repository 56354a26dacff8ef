"""A model opened for tagging: words in, one tag and one probability per word out, whatever runtime it uses."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import torch
from transformers import PreTrainedConfig

from token_classification.alignment.align import AlignedSplit, Aligner, build_aligner
from token_classification.alignment.batches import CPU_POSITIONS, LengthSteps, build_collator
from token_classification.alignment.context import Passage
from token_classification.alignment.window_length import find_position_limit, find_window_length
from token_classification.arguments.decoding import (
    Decoder,
    choose_context,
    choose_decoder,
    choose_padding,
    choose_window,
)
from token_classification.arguments.model import ModelArguments
from token_classification.data.labels import LabelSet
from token_classification.data.levels import LabelLevels, Labels, list_sets
from token_classification.data.schemes import Scheme, recognise_scheme
from token_classification.data.sentences import Sentences
from token_classification.errors import UserError
from token_classification.hardware import has_accelerator, multiplies_bf16
from token_classification.inference.export_record import (
    EXPORT_FILE,
    EXPORTED_BACKENDS,
    ExportRecord,
    advise_export,
    read_export_record,
    verify_model_files,
)
from token_classification.inference.repeats import find_distinct
from token_classification.inference.torch_model import explain_bf16, run_torch, run_with_states
from token_classification.modeling.build import load_config, load_model, read_model_labels
from token_classification.modeling.levels import read_levels
from token_classification.modeling.tokenizer import load_tokenizer
from token_classification.modeling.vocabulary import check_vocabulary
from token_classification.scoring.decode import plan_levels
from token_classification.scoring.evaluate import SplitResults, evaluate_split
from token_classification.scoring.predict import PredictionLoop, RunModel, WordMeasure, name_predictions
from token_classification.scoring.sharing import BF16_ROUNDING, FLOAT32_ROUNDING, SharingProbe

logger = logging.getLogger(__name__)

TORCH_BACKENDS = ("torch", "torch-bf16")
BACKENDS = TORCH_BACKENDS + EXPORTED_BACKENDS
"""What a model can run with; all but the first two need a folder that `export` wrote"""
BF16_BACKENDS = ("torch-bf16", "openvino-bf16", "openvino-int8")
"""Those that compute in bf16 where the machine can: what they round away depends on the shape of a batch"""

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
        return _take_only_level(self.labels, self.aligner.tokenizer.name_or_path)

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
        predictions = replace(self.loop, keeps_all=keeps_all).predict_levels(split.windows, split.ledger.words)
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

    def evaluate(self, sentences: Sentences, source: str = "input", *, keeps_all: bool = False) -> SplitResults:
        """Tag a split, and score it if it has gold tags, as `run_ner.py --do_eval` does."""
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
    backend = _choose_backend(model, backend, record)
    arguments = ModelArguments(str(model))
    config = load_config(arguments)
    labels = read_labels(config, str(model))
    tokenizer = load_tokenizer(arguments)
    check_vocabulary(tokenizer, config, str(model))
    wanted = choose_window(max_seq_length, config)
    streams = (streams or torch.get_num_threads()) if backend.startswith("openvino") else 1
    device = torch.device("cpu")
    precision: Callable[[], AbstractContextManager[object]] = nullcontext
    run_states: RunModel | None = None
    if record is None or backend in TORCH_BACKENDS:
        device = (torch.accelerator.current_accelerator() if has_accelerator() else None) or device
        network = load_model(arguments, config, labels).eval()
        network.to(device)
        run_model, run_states = run_torch(network), run_with_states(network)
        window_length = find_window_length(wanted, tokenizer, network)
        if backend == "torch-bf16":
            run_model, run_states = explain_bf16(run_model), explain_bf16(run_states)
            precision = partial(torch.autocast, device.type, torch.bfloat16)
    else:
        longest = _find_longest_window(Path(model), record, config)
        if wanted and wanted > longest:
            logger.warning("--max_seq_length %s is more than the model was exported for: %s is used.", wanted, longest)
        run_model = _load_exported(Path(model), record, streams)
        window_length = longest if wanted is None or wanted == -1 else min(wanted, longest)
    # torch is tried in float32 even where it runs in bf16.
    rounds_coarsely = backend in BF16_BACKENDS and backend not in TORCH_BACKENDS
    steps = LengthSteps(LENGTH_STEP, window_length) if backend.startswith("openvino") else None
    sharing = SharingProbe(BF16_ROUNDING if rounds_coarsely else FLOAT32_ROUNDING, pads_alone=steps is not None)
    aligner = build_aligner(tokenizer, labels, window_length=window_length, context=choose_context(None, config))
    loop = PredictionLoop(
        run_model=run_model,
        collator=build_collator(tokenizer, aligner.special, window_length if choose_padding(False, config) else None),
        token_budget=token_budget or (CPU_POSITIONS if str(device) == "cpu" else ACCELERATOR_POSITIONS),
        levels=plan_levels(labels, choose_decoder(decoder, config)),
        precision=precision,
        device=device,
        show_progress=show_progress,
        sharing=sharing,
        length_steps=steps,
        streams=streams,
    )
    return Engine(backend, labels, aligner, loop, run_states)


def read_label_set(config: PreTrainedConfig, name: str) -> LabelSet:
    """Return the labels of a trained model and the scheme that was recognised when it was trained.

    Raises:
        UserError: the model has no label names, or several levels of them.
    """
    return _take_only_level(read_labels(config, name), name)


def _take_only_level(labels: Labels, name: str) -> LabelSet:
    """Return the labels of a model with one level.

    Raises:
        UserError: it finds nested entities, for which whoever asks has no place.
    """
    if isinstance(labels, LabelLevels):
        raise UserError(
            f"model {name}: it finds nested entities on {len(labels.sets)} levels ({', '.join(labels.sets)}), for "
            "which there is no place here; accepted: a model with one level. Nested entities are what "
            "token_classification infer and evaluate, run_ner.py --do_predict and Predictor give"
        )
    return labels


def read_labels(config: PreTrainedConfig, name: str) -> Labels:
    """Return the labels of a trained model, of one level or of several, with the scheme that it was trained with.

    Raises:
        UserError: the model has no label names.
    """
    levels, names = read_levels(config, name), read_model_labels(config)
    if levels is not None:
        return levels
    if names is None:
        raise UserError(
            f"model {name}: has no label names (it was not fine-tuned for token classification), so nothing can be "
            "tagged with it; train it first: python run_ner.py --do_train --train_file FILE"
        )
    scheme = getattr(config, "tag_scheme", None)
    return LabelSet(tuple(names), Scheme(scheme) if scheme else recognise_scheme((), names))


def _choose_backend(model: str | Path, backend: str, record: ExportRecord | None) -> str:
    if backend == "auto":
        return record.backend if record else "torch"
    if backend not in BACKENDS:
        raise UserError(f"backend {backend}: accepted are auto, {', '.join(BACKENDS)}.")
    if backend in EXPORTED_BACKENDS and (record is None or record.backend != backend):
        found = f"is exported for {record.backend}" if record else "is not exported"
        exported, _, quantized = backend.partition("-")
        raise UserError(
            f"model {model}: {found}, so it can't run with {backend}; export it first: token_classification export "
            f"-m MODEL -r OUT --export_format {exported} --quantize {quantized or 'none'}, and give OUT as the model"
        )
    if backend == "torch-bf16" and not multiplies_bf16():
        logger.warning("torch-bf16: this machine has no bf16 units; torch will be faster.")
    return backend


def _load_exported(folder: Path, record: ExportRecord, streams: int) -> RunModel:
    """Open an exported model with its runtime, which is an extra and therefore imported only here.

    Raises:
        UserError: the runtime is missing, or can't load the files.
    """
    verify_model_files(folder, record)
    try:
        if record.backend.startswith("onnx"):
            from token_classification.inference.onnx_model import load_onnx

            return load_onnx(folder, record)
        from token_classification.inference.openvino_model import load_openvino

        return load_openvino(folder, record, streams)
    except UserError:
        raise
    except Exception as error:  # the runtimes raise classes of their own, which share no base
        raise UserError(
            f"{folder / record.model_file}: can't be loaded ({str(error).strip().partition(chr(10))[0]:.200}); "
            f"accepted: the files as they were written; {advise_export(folder)}"
        ) from error


def _find_longest_window(folder: Path, record: ExportRecord, config: PreTrainedConfig) -> int:
    """Return the window length of the record.

    Raises:
        UserError: the model has fewer positions.
    """
    positions = find_position_limit(config) or record.window_length
    if record.window_length > positions:
        raise UserError(
            f"{folder / EXPORT_FILE}: window_length is {record.window_length}, but the model has {positions} "
            f"positions; accepted: the files as they were written; {advise_export(folder)}"
        )
    return record.window_length
