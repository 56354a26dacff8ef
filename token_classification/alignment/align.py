"""One split, from words and tags to the windows that the model sees, with the ledger of what became of each word."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from transformers import PreTrainedTokenizerBase

from token_classification.alignment.windows import Windows, build_windows, plan_windows
from token_classification.alignment.words import SpecialTokens, find_special_tokens, split_into_sub_tokens
from token_classification.data.labels import IGNORED_LABEL, LabelSet
from token_classification.data.schemes import is_prefixed
from token_classification.data.sentences import Sentences
from token_classification.errors import DataError, list_problems


@dataclass(frozen=True)
class Ledger:
    """What became of the words of a split; written into the results."""

    words: int
    words_windowed: int
    """Words of sentences that were longer than a window."""
    words_without_sub_tokens: int
    """Words that the tokenizer gives nothing for; the unknown token stands for them."""
    words_cut: int
    """Words longer than a whole window, which keep their first sub-tokens."""
    words_truncated: int
    """Words in no window (`--long_sentences truncate` only); they are tagged O."""


@dataclass(frozen=True)
class AlignedSplit:
    """A split ready for the model: its windows, and the gold tags that its predictions are scored against."""

    windows: Windows
    sentence_starts: np.ndarray
    """int64, (sentences + 1,): the words of sentence `s` are `sentence_starts[s]:sentence_starts[s + 1]`"""
    gold: list[list[str]] | None
    ledger: Ledger

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, window: int) -> dict[str, np.ndarray]:
        return self.windows[window]


@dataclass(frozen=True)
class Aligner:
    """How the words of every split of a run become windows."""

    tokenizer: PreTrainedTokenizerBase
    special: SpecialTokens
    label_set: LabelSet
    window_length: int
    doc_stride: int | None
    long_sentences: str
    """`window`, `truncate` or `error`, as in `DataArguments`"""
    label_all_tokens: bool

    def align(self, sentences: Sentences, source: str = "input") -> AlignedSplit:
        """Tokenize, plan the windows and lay them out, with labels where the sentences have tags.

        Args:
            sentences: The split.
            source: The file or data set it comes from, for messages.

        Raises:
            UserError: windows too small for the stride.
            DataError: sentences too long where that is an error.
        """
        budget = self.window_length - len(self.special)
        sub_tokens = split_into_sub_tokens(self.tokenizer, sentences.tokens)
        lengths = np.diff(sub_tokens.word_starts[sub_tokens.sentence_starts])
        if self.long_sentences == "error":
            _refuse_long_sentences(sentences, lengths, budget, source)
        plan = plan_windows(sub_tokens, budget, self.doc_stride, truncate=self.long_sentences == "truncate")
        label_ids = continuation_ids = None
        if sentences.tags is not None:
            label_ids = self.label_set.encode(tag for tags in sentences.tags for tag in tags)
            if self.label_all_tokens:
                continuation_ids = label_ids.copy()
                is_known = label_ids != IGNORED_LABEL
                continuation_ids[is_known] = find_continuation_labels(self.label_set.names)[label_ids[is_known]]
        windows = build_windows(sub_tokens, plan, budget, self.special, label_ids, continuation_ids)

        words_of_sentence = np.diff(sub_tokens.sentence_starts)
        ledger = Ledger(
            words=int(sub_tokens.sentence_starts[-1]),
            words_windowed=int(words_of_sentence[lengths > budget].sum()),
            words_without_sub_tokens=sub_tokens.words_without_sub_tokens,
            words_cut=int((np.diff(sub_tokens.word_starts) > budget).sum()),
            words_truncated=int(sub_tokens.sentence_starts[-1]) - len(windows.owned_words),
        )
        return AlignedSplit(windows, sub_tokens.sentence_starts, sentences.tags, ledger)


def build_aligner(
    tokenizer: PreTrainedTokenizerBase,
    label_set: LabelSet,
    *,
    window_length: int,
    doc_stride: int | None = None,
    long_sentences: str = "window",
    label_all_tokens: bool = False,
) -> Aligner:
    """An aligner for a tokenizer and a label set; `window_length` counts special tokens."""
    special = find_special_tokens(tokenizer)
    return Aligner(tokenizer, special, label_set, window_length, doc_stride, long_sentences, label_all_tokens)


def _refuse_long_sentences(sentences: Sentences, lengths: np.ndarray, budget: int, source: str) -> None:
    problems = [
        f"{source}:{sentences.lines[row]}: {lengths[row]:,} sub-tokens in the sentence, {budget} fit"
        for row in np.flatnonzero(lengths > budget)
    ]
    if problems:
        raise DataError(
            f"{list_problems(problems)}\n"
            "Give a larger --max_seq_length, or --long_sentences window to keep every word."
        )


def find_continuation_labels(names: Sequence[str]) -> np.ndarray:
    """For each label the one that a word's further sub-tokens get: `B-X` gives `I-X` where that exists, else itself.

    Only the prefix is exchanged: `B-AB-B-` gives `I-AB-B-`. Returns int64 (labels,).
    """
    ids = {name: label_id for label_id, name in enumerate(names)}
    return np.array(
        [
            ids.get(f"I-{name[2:]}", label_id) if is_prefixed(name) and name[0] == "B" else label_id
            for name, label_id in ids.items()
        ],
        dtype=np.int64,
    )
