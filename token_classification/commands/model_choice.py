"""Which model a command uses, and how it reads: what `infer`, `serve`, `evaluate`, `calibrate` and `export` share."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from token_classification.commands.flags import flag
from token_classification.quick_imports import quick_imports

if TYPE_CHECKING:
    from token_classification.inference.predictor import Predictor


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """Which model, and how sentences are read with it."""

    model: str = flag(
        "Folder of a trained or exported model, or a name on the Hub.", "-m", group="model", metavar="MODEL"
    )
    max_seq_length: int | None = flag(
        "Longest input in sub-tokens; longer sentences become overlapping windows. -1: what the model can take. "
        "Default: what it was trained with, else -1.",
        group="model",
        default=None,
        metavar="N",
    )
    decoder: Literal["argmax", "viterbi"] | None = flag(
        "How tags are chosen: the most probable tag of each word (argmax), or the most probable sequence of tags that "
        "the tag scheme allows (viterbi). Default: what the model was trained with; argmax if that is unknown.",
        group="model",
        default=None,
    )


def read_threshold(text: str) -> float | dict[str, float]:
    """Read `0.8`, or `PER=0.9,LOC=0.6`.

    Raises:
        argparse.ArgumentTypeError: it is neither.
    """
    try:
        if "=" not in text:
            return float(text)
        pairs = (part.rpartition("=") for part in text.split(","))
        return {label: float(number) for label, _, number in pairs}
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: accepted are 0.8, and PER=0.9,LOC=0.6") from None


@dataclass(frozen=True, kw_only=True)
class BackendChoice(ModelChoice):
    """Which model, and what it runs with."""

    backend: str = flag(
        "What the model runs with: auto (what it was exported for, else torch), torch, torch-bf16, onnx, onnx-int8, "
        "openvino, openvino-bf16 or openvino-int8.",
        group="model",
        default="auto",
        metavar="NAME",
    )


@dataclass(frozen=True, kw_only=True)
class TaggingChoice(BackendChoice):
    """How texts are tagged with a model, and which entities are shown."""

    words: Literal["punctuation", "whitespace"] = flag(
        "How raw text is split into words: at blanks and punctuation, or at blanks only.",
        group="input",
        default="punctuation",
    )
    threshold: float | dict[str, float] | None = flag(
        "Lowest score that an entity may have: 0.8, or one per label: PER=0.9,LOC=0.6. Default: 0.",
        group="output",
        default=None,
        metavar="SCORE",
        parse=read_threshold,
    )
    operating_point: str | None = flag(
        "Thresholds that `calibrate` has found for the model, by name: high_precision, high_recall, balanced or one "
        "of your own; in place of --threshold.",
        group="output",
        default=None,
        metavar="NAME",
    )


def locate_model(model: str) -> str:
    """Return a folder by its whole path, for processes that run elsewhere; a name on the Hub as it is."""
    return str(Path(model).absolute()) if Path(model).is_dir() else model


def open_predictor(options: TaggingChoice, model: str, streams: int | None = 1) -> "Predictor":
    """Open a model as the options say, for so many batches at the same time, None: one per core."""
    with quick_imports():
        from token_classification.inference.predictor import Predictor
    return Predictor.from_pretrained(
        model,
        options.backend,
        threshold=options.threshold,
        operating_point=options.operating_point,
        words=options.words,
        max_seq_length=options.max_seq_length,
        decoder=options.decoder,
        streams=streams,
    )
