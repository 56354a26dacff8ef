"""An oracle in the model's place: it reads the gold label off the input, so every loss of a word or a place shows."""

from dataclasses import replace

import numpy as np

from token_classification.alignment.align import AlignedSplit
from token_classification.alignment.batches import WindowCollator
from token_classification.alignment.words import SpecialTokens
from token_classification.data.labels import IGNORED_LABEL
from token_classification.data.levels import LabelLevels
from token_classification.scoring.decode import LevelOutputs, Viterbi, plan_levels
from token_classification.scoring.predict import Inputs, PredictionLoop, WordPredictions

NO_SPECIAL_TOKENS = SpecialTokens((), (), None)


def write_gold_into_input(split: AlignedSplit) -> AlignedSplit:
    """The input id at each owned word becomes its gold label id + 1, all others 0."""
    labels = split.windows.labels
    ids = np.where(labels == IGNORED_LABEL, 0, labels + 1).astype(np.int32)
    return replace(split, windows=replace(split.windows, input_ids=ids))


def predict_with_oracle(
    split: AlignedSplit,
    labels: int,
    *,
    token_budget: int = 512,
    decoder: Viterbi | None = None,
    share: tuple[int, int] = (0, 1),
    pads_left: bool = False,
) -> WordPredictions:
    """Run the prediction loop with the oracle on a split whose gold is written into its input."""

    def read_gold(inputs: Inputs, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        return 9 * np.eye(labels + 1, dtype=np.float32)[inputs["input_ids"][rows, columns], 1:]

    collator = WindowCollator(pad_id=0, pads_left=pads_left, special=NO_SPECIAL_TOKENS)
    levels = (LevelOutputs(decoder=decoder),)
    loop = PredictionLoop(read_gold, collator, token_budget, levels, show_progress=False)
    return loop.predict(write_gold_into_input(split).windows, split.ledger.words, share)


def predict_levels_with_oracle(split: AlignedSplit, labels: LabelLevels, decoder: str) -> list[WordPredictions]:
    """Run the prediction loop as `predict_with_oracle` does; the input holds the gold labels of all levels."""
    known = split.windows.labels + 1
    base = max(map(len, labels.sets.values())) + 1
    powers = base ** np.arange(known.shape[-1])
    ids = np.where(known < 0, 0, known) @ powers
    sizes = [*map(len, labels.sets.values())]

    def read_gold(inputs: Inputs, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        digits = [inputs["input_ids"][rows, columns] // power % base for power in powers]
        levels = zip(digits, sizes, strict=True)
        return 9 * np.concatenate([np.eye(size + 1, dtype=np.float32)[gold, 1:] for gold, size in levels], axis=1)

    collator = WindowCollator(pad_id=0, pads_left=False, special=NO_SPECIAL_TOKENS)
    loop = PredictionLoop(read_gold, collator, 512, plan_levels(labels, decoder), show_progress=False)
    windows = replace(split.windows, input_ids=ids.astype(np.int32))
    return loop.predict_levels(windows, split.ledger.words)
