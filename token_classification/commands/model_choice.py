"""Which model a command uses, and how it reads: what `infer`, `evaluate` and `export` share."""

from dataclasses import dataclass
from typing import Literal

from token_classification.commands.flags import flag


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
        "the tag scheme allows (viterbi). Default: what the model was trained with, else argmax.",
        group="model",
        default=None,
    )
