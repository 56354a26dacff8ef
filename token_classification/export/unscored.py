"""An export without a file to score it on: what can be said then is whether it computes what the model computes."""

import random
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from token_classification.errors import RejectedError
from token_classification.inference.engine import Engine, open_engine

NOT_SCORED = "not scored: no file with gold tags was given"
SENTENCES, LONGEST = 32, 20
"""Sentences of made-up words that both are tried on, and their most words"""
PIECES = 2000
"""Of the vocabulary, drawn by lot: some have hundreds of thousands"""
TOLERANCE = 0.01
"""How far the probability of a word's tag may differ; float32 in another order is within a hundredth of that"""


def check_conversion(engine: Engine, folder: Path) -> None:
    """Tag words of the vocabulary with the model and with its float32 export, and compare the probabilities.

    Args:
        engine: The model in torch and float32.
        folder: The exported model.

    Raises:
        RejectedError: they differ by more than rounding.
    """
    tokens = draw_sentences(engine.aligner.tokenizer)
    exported = open_engine(folder)
    rows = zip(engine.tag(tokens).scores, exported.tag(tokens).scores, strict=True)
    difference = max(
        abs(ours - theirs) for scores, others in rows for ours, theirs in zip(scores, others, strict=True)
    )
    # Also where it is no number at all.
    if not difference <= TOLERANCE:
        raise RejectedError(
            f"{exported.backend} computes something else than the model itself: probabilities of tags differ by up "
            f"to {difference:.3f}. Nothing was written. Type another --export_format."
        )


def draw_sentences(tokenizer: PreTrainedTokenizerBase) -> list[list[str]]:
    """Sentences of words that the tokenizer knows, the same in each call."""
    generator = random.Random(0)
    vocabulary = sorted(tokenizer.get_vocab())
    pieces = generator.sample(vocabulary, min(PIECES, len(vocabulary)))
    texts = [tokenizer.convert_tokens_to_string([piece]).strip() for piece in pieces]
    words = [text for text in texts if text.isalnum()] or ["a"]
    return [generator.choices(words, k=generator.randint(1, LONGEST)) for _ in range(SENTENCES)]
