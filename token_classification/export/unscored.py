"""An export without a file to score it on: all that can be checked is that its outputs are those of the model."""

import random
from pathlib import Path
from typing import cast

from transformers import PreTrainedTokenizerBase

from token_classification.errors import OutputError, RejectedError
from token_classification.inference.engine import Engine, open_engine

NOT_SCORED = "not scored: no labelled sentences were given"
SENTENCES, LONGEST = 32, 20
"""How many made-up sentences both models tag, and the most words in one"""
PIECES = 2000
"""How many random entries of the vocabulary they are made of; some vocabularies have hundreds of thousands"""
TOLERANCE = 0.01
"""How far the probability of a word's tag may differ; rounding in float32 is a hundred times smaller"""


def check_conversion(engine: Engine, folder: Path) -> None:
    """Tag words of the vocabulary with the model and with its float32 export, and compare the probabilities.

    Args:
        engine: The model in torch and float32.
        folder: The exported model.

    Raises:
        RejectedError: they differ by more than rounding explains.
    """
    tokens = draw_sentences(cast(PreTrainedTokenizerBase, engine.aligner.tokenizer))
    exported = open_engine(folder)
    reference = engine.tag(tokens).scores
    try:
        rows = zip(reference, exported.tag(tokens).scores, strict=True)
    except OutputError as error:
        raise RejectedError(
            f"{exported.backend}: {error.problem}, those of the original are not. Nothing was written. Try another "
            "--export_format."
        ) from error
    difference = max(
        abs(ours - theirs) for scores, others in rows for ours, theirs in zip(scores, others, strict=True)
    )
    if difference > TOLERANCE:
        raise RejectedError(
            f"{exported.backend}: its outputs are not those of the original; probabilities of tags differ by up to "
            f"{difference:.3f}. Nothing was written. Try another --export_format."
        )


def draw_sentences(tokenizer: PreTrainedTokenizerBase) -> list[list[str]]:
    """Draw sentences of words that the tokenizer knows, the same in each call."""
    generator = random.Random(0)
    vocabulary = sorted(tokenizer.get_vocab())
    pieces = generator.sample(vocabulary, min(PIECES, len(vocabulary)))
    texts = [tokenizer.convert_tokens_to_string([piece]).strip() for piece in pieces]
    words = [text for text in texts if text.isalnum()] or ["a"]
    return [generator.choices(words, k=generator.randint(1, LONGEST)) for _ in range(SENTENCES)]
