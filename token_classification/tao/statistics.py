"""What NeMo logs about the data before a training: label frequencies, class weights, sequence lengths, an example.

The texts are NeMo's own; the logger adds the prefix.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from transformers import PreTrainedTokenizerBase

from token_classification.alignment.words import SpecialTokens, find_special_tokens, split_into_sub_tokens
from token_classification.data.whole_files import write_whole

MOST_POPULAR = 3
LENGTHS_GAP = " " * 18
"""NeMo's source breaks this line with a backslash inside the text, so that its indentation is in every log"""


def number_counts(counts: Counter[str], ids: Mapping[str, int]) -> dict[int, int]:
    """Return id -> words, most frequent first, ties by first appearance.

    Args:
        counts: Words per tag of a whole labels file; all tags are in `ids`, because the data was checked before.
        ids: The label map.
    """
    return {ids[tag]: count for tag, count in counts.most_common()}


def describe_labels(counts: Mapping[int, int], labels_path: str | Path) -> list[str]:
    """Describe the three most frequent labels, then all of them.

    Args:
        counts: What `number_counts` returns.
        labels_path: The labels file as the user named it.
    """
    total = sum(counts.values())
    popular = list(counts.items())[:MOST_POPULAR]
    return [
        f"Three most popular labels in {labels_path}:",
        *(f"label: {label_id}, {count} out of {total} ({count / total * 100:.2f}%)." for label_id, count in popular),
        f"Total labels: {total}. Label frequencies - {dict(counts)}",
    ]


def write_label_stats(counts: Mapping[int, int], labels_path: Path) -> Path:
    """Write `{stem}_label_stats.tsv` beside the labels file (id, share and count, two TABs between), and return it.

    It is written afresh each time, because one from other data would be wrong.
    """
    total = sum(counts.values())
    path = labels_path.with_name(f"{labels_path.stem}_label_stats.tsv")
    lines = [f"{label_id}\t\t{round(count / total, 5)}\t\t{count}\n" for label_id, count in counts.items()]
    write_whole(path, "".join(lines))
    return path


def describe_class_weights(weights: Mapping[int, float]) -> str:
    """Return the line of the class weights."""
    return f"Class Weights: {dict(weights)}"


def list_class_weights(weights: Mapping[int, float], labels: int) -> list[float]:
    """Return the weights by id, 1.0 for a label without a word.

    The list is as long as the label map. NeMo's ends at the highest id that occurs, and fails with weighted_loss.
    """
    return [weights.get(label_id, 1.0) for label_id in range(labels)]


def save_class_weights(weights: Mapping[int, float], labels: int, labels_path: Path) -> Path:
    """Write `{stem}_weights.json` beside the labels file, where NeMo writes a pickle of the same stem, and return it.

    It holds a list of weights by id, one for each of the `labels` labels of the map.
    """
    path = labels_path.with_name(f"{labels_path.stem}_weights.json")
    write_whole(path, json.dumps(list_class_weights(weights, labels)) + "\n")
    return path


def choose_max_length(lengths: Sequence[int], configured: int) -> int:
    """Return what a split is padded to: its longest sentence, but no more than configured (-1: no limit).

    Args:
        lengths: Sub-tokens of each sentence plus special tokens, nothing cut.
        configured: `model.dataset.max_seq_length`.
    """
    longest = int(max(lengths, default=0))
    return min(configured, longest) if configured > 0 else longest


def describe_lengths(lengths: Sequence[int], max_length: int) -> list[str]:
    """Describe the length that `choose_max_length` chose, and the distribution of the lengths.

    A split without sentences has the first line only.
    """
    lines = [f"Setting Max Seq length to: {max_length}"]
    if not len(lengths):
        return lines
    spread = [
        f"Min: {np.min(lengths)} |",
        f"Max: {np.max(lengths)} |",
        f"Mean: {float(np.mean(lengths))} |",
        f"Median: {float(np.median(lengths))}",
    ]
    return [
        *lines,
        "Some stats of the lengths of the sequences:",
        LENGTHS_GAP.join(spread),
        f"75 percentile: {np.percentile(lengths, 75):.2f}",
        f"99 percentile: {np.percentile(lengths, 99):.2f}",
    ]


def describe_long_sentences(lengths: Sequence[int], max_length: int) -> str:
    """Describe how many sentences are longer, which NeMo logs as a warning even if none are."""
    return f"{int((np.asarray(lengths) > max_length).sum())} are longer than {max_length}"


def describe_example(
    tokenizer: PreTrainedTokenizerBase,
    words: Sequence[str],
    label_ids: Sequence[int],
    *,
    max_length: int,
    pad_label_id: int = 0,
    ignore_extra_tokens: bool = False,
    ignore_start_end: bool = False,
) -> list[str]:
    """Return the seven lines of the example: what the model sees of the first sentence of a split.

    Args:
        tokenizer: The model's.
        words: The sentence.
        label_ids: One for each word.
        max_length: Masks and labels are padded to it; of a longer sentence, the beginning is shown.
        pad_label_id: Label of special tokens and padding.
        ignore_extra_tokens: Whether sub-tokens after the first of a word have no loss.
        ignore_start_end: Whether special tokens have no loss.
    """
    special = find_special_tokens(tokenizer)
    sub_tokens = split_into_sub_tokens(tokenizer, [words])
    kept = max(max_length - len(special), 0)
    inner = sub_tokens.ids[:kept].tolist()
    is_first = np.isin(np.arange(len(inner)), sub_tokens.word_starts[:-1]).astype(int).tolist()
    labels = np.repeat(np.asarray(label_ids, dtype=int), np.diff(sub_tokens.word_starts))[:kept].tolist()
    ones = [1] * len(inner)
    loss_mask = is_first if ignore_extra_tokens else ones
    tokens = tokenizer.convert_ids_to_tokens([*special.before, *inner, *special.after])
    return [
        "*** Example ***",
        "i: 0",
        f"subtokens: {' '.join(tokens)}",
        f"loss_mask: {_lay_out(loss_mask, special, max_length, int(not ignore_start_end), 0)}",
        f"input_mask: {_lay_out(ones, special, max_length, 1, 0)}",
        f"subtokens_mask: {_lay_out(is_first, special, max_length, 0, 0)}",
        f"labels: {_lay_out(labels, special, max_length, pad_label_id, pad_label_id)}",
    ]


def _lay_out(values: list[int], special: SpecialTokens, length: int, on_special: int, on_padding: int) -> str:
    """Return values of sub-tokens with those of the special tokens around them, padded on the right."""
    row = [on_special] * len(special.before) + values + [on_special] * len(special.after)
    return " ".join(map(str, row + [on_padding] * (length - len(row))))
