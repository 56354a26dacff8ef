"""The prediction loop. Evaluation during training, evaluate, predict and all that tags text run this one loop."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch.nn import functional
from tqdm.auto import tqdm

from token_classification.alignment.batches import WindowCollator, group_by_length
from token_classification.alignment.windows import Windows
from token_classification.data.labels import IGNORED_LABEL
from token_classification.data.schemes import OUTSIDE

RunModel = Callable[[dict[str, torch.Tensor]], torch.Tensor]
"""Batch -> logits (batch, length, labels): torch, ONNX and OpenVINO models alike."""


@dataclass
class WordPredictions:
    """One label id and one score per word of a split, by word, whatever the order of the batches was."""

    label_ids: np.ndarray
    """int32, (words,); -1 for a word that no window holds (`--long_sentences truncate`)"""
    scores: np.ndarray
    """float32, (words,): probability of the label"""
    loss_sum: float
    """Sum of the words' cross entropies, 0 without gold"""
    loss_words: int
    """Words that the sum is over"""

    @property
    def loss(self) -> float | None:
        """Mean cross entropy of a word; None without gold."""
        return self.loss_sum / self.loss_words if self.loss_words else None


def predict_words(
    run_model: RunModel,
    windows: Windows,
    words: int,
    collator: WindowCollator,
    *,
    token_budget: int,
    share: tuple[int, int] = (0, 1),
    precision: Callable[[], AbstractContextManager] = nullcontext,
    device: torch.device | str = "cpu",
    description: str = "Predicting",
    show_progress: bool = True,
) -> WordPredictions:
    """Predict a label for each word.

    Windows of like length go together, only the positions of owned words leave the device, and of each only the best
    label and its probability: memory grows with the words, not with the longest sentence.

    Args:
        run_model: The model, in evaluation mode.
        windows: The windows of the split.
        words: How many words the split has.
        collator: Pads windows to batches.
        token_budget: Padded positions per batch.
        share: (i, n): take each n-th batch from the i-th on; the processes of a distributed run share the batches.
        precision: Makes the context that the model runs in (mixed precision).
        device: Where the model is.
        description: Text of the progress bar.
        show_progress: Whether there is a progress bar.
    """
    result = WordPredictions(np.full(words, -1, dtype=np.int32), np.zeros(words, dtype=np.float32), 0.0, 0)
    index, count = share
    batches = group_by_length(windows.lengths, windows.sentence_ids, token_budget)[index::count]
    with tqdm(total=sum(map(len, batches)), desc=description, unit=" windows", disable=not show_progress) as bar:
        for batch in batches:
            _predict_batch(run_model, windows, batch, collator, precision, device, result)
            bar.update(len(batch))
    return result


def _predict_batch(
    run_model: RunModel,
    windows: Windows,
    batch: np.ndarray,
    collator: WindowCollator,
    precision: Callable[[], AbstractContextManager],
    device: torch.device | str,
    result: WordPredictions,
) -> None:
    """Run one batch and write the predictions of its owned words into `result`."""
    inputs = {name: tensor.to(device) for name, tensor in collator([windows[window] for window in batch]).items()}
    labels = inputs.pop("labels", None)
    length = inputs["input_ids"].shape[1]
    owned = [slice(windows.owned_starts[window], windows.owned_starts[window + 1]) for window in batch]
    columns = np.concatenate(
        [
            windows.owned_positions[span] + collator.offset_of(windows.lengths[window], length)
            for span, window in zip(owned, batch, strict=True)
        ]
    )
    rows = np.repeat(np.arange(len(batch)), [span.stop - span.start for span in owned])
    rows, columns = torch.from_numpy(rows).to(device), torch.from_numpy(columns).to(device)
    with torch.inference_mode(), precision():
        logits = run_model(inputs)[rows, columns].float()
    best = logits.softmax(dim=-1).max(dim=-1)

    which = np.concatenate([windows.owned_words[span] for span in owned])
    result.label_ids[which] = best.indices.cpu().numpy()
    result.scores[which] = best.values.cpu().numpy()
    if labels is not None:
        gold = labels[rows, columns]
        result.loss_sum += functional.cross_entropy(logits, gold, ignore_index=IGNORED_LABEL, reduction="sum").item()
        result.loss_words += int((gold != IGNORED_LABEL).sum())


def merge_shares(shares: Sequence[WordPredictions]) -> WordPredictions:
    """Put together what several processes predicted; each word is in one share only."""
    merged = shares[0]
    for share in shares[1:]:
        found = share.label_ids >= 0
        merged.label_ids[found] = share.label_ids[found]
        merged.scores[found] = share.scores[found]
        merged.loss_sum += share.loss_sum
        merged.loss_words += share.loss_words
    return merged


def name_predictions(
    predictions: WordPredictions, names: Sequence[str], sentence_starts: np.ndarray
) -> list[list[str]]:
    """Label ids to tags, a list per sentence; a word that no window holds is `O`.

    Args:
        predictions: One label id per word.
        names: Label names in id order.
        sentence_starts: int64 (sentences + 1,), the words of each sentence.
    """
    # The extra name at the end is what -1 points at.
    tags = np.array([*names, OUTSIDE], dtype=object)[predictions.label_ids].tolist()
    return [tags[start:end] for start, end in pairwise(sentence_starts)]
