"""One split, from words and tags to the windows that the model sees, with the ledger of what became of each word."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from token_classification.alignment.context import (
    OWN_ROW,
    PASSAGE_ROWS,
    Passage,
    forget_context,
    number_documents,
    widen_windows,
)
from token_classification.alignment.window_length import find_window_length
from token_classification.alignment.windows import (
    WindowLabels,
    WindowPlan,
    Windows,
    build_windows,
    plan_windows,
    select_windows,
)
from token_classification.alignment.words import (
    SpecialTokens,
    SubTokens,
    WordTokenizer,
    find_special_tokens,
    measure_ranges,
    split_into_sub_tokens,
)
from token_classification.arguments.decoding import DecodingArguments, choose_context
from token_classification.data.labels import IGNORED_LABEL, LabelSet
from token_classification.data.levels import LabelLevels, Labels
from token_classification.data.schemes import Scheme, is_bare, is_prefixed, join_tag, split_tag
from token_classification.data.sentences import Sentences
from token_classification.errors import DataError, list_problems, name_place

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from token_classification.data.load import Corpus
    from token_classification.recipe import Recipe

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ledger:
    """What became of the words of a split; written into the results."""

    words: int
    words_windowed: int
    """Words of sentences that were longer than a window."""
    words_without_sub_tokens: int
    """Words without sub-tokens; the unknown token stands for them."""
    words_cut: int
    """Words longer than a whole window, which keep their first sub-tokens."""
    words_truncated: int
    """Words in no window (`--long_sentences truncate` only); they are tagged O."""

    def describe(self) -> str:
        """Return what did not fit or was not found, in words for people.

        >>> print(Ledger(9, words_windowed=5, words_without_sub_tokens=1, words_cut=0, words_truncated=0).describe())
        5 words in long sentences, which are read in several windows; 1 word unknown to the tokenizer; nothing cut
        """
        parts = []
        if self.words_windowed and not self.words_truncated:
            parts.append(f"{_count_words(self.words_windowed)} in long sentences, which are read in several windows")
        if self.words_without_sub_tokens:
            parts.append(f"{_count_words(self.words_without_sub_tokens)} unknown to the tokenizer")
        if self.words_cut:
            parts.append(f"{_count_words(self.words_cut)} longer than a window, of which the beginning is read")
        if self.words_truncated:
            parts.append(f"{_count_words(self.words_truncated)} cut off with the ends of long sentences, and tagged O")
        if not (self.words_cut or self.words_truncated):
            parts.append("nothing cut")
        return "; ".join(parts)


@dataclass(frozen=True)
class AlignedSplit:
    """A split ready for the model: its windows, and the gold tags that its predictions are scored against."""

    windows: Windows
    sentence_starts: np.ndarray
    """int64, (sentences + 1,): the words of sentence `s` are `sentence_starts[s]:sentence_starts[s + 1]`"""
    gold: list[list[str]] | None
    ledger: Ledger
    levels: dict[str, "AlignedSplit"] = field(default_factory=dict)
    """Level of nested entities -> the same windows with its gold tags; the split itself then has none"""

    def __len__(self) -> int:
        return len(self.windows)

    def describe(self) -> str:
        """Return how much it is and what became of it, in words for people."""
        sentences = f"{len(self.sentence_starts) - 1:,} sentences, {_count_words(self.ledger.words)}"
        return f"{sentences} in {len(self):,} windows; {self.ledger.describe()}"

    def __getitem__(self, window: int) -> dict[str, np.ndarray]:
        return self.windows[window]


@dataclass(frozen=True)
class Aligner:
    """How the words of every split of a run become windows."""

    tokenizer: WordTokenizer
    special: SpecialTokens
    label_set: Labels
    window_length: int
    doc_stride: int | None
    long_sentences: str
    """`window`, `truncate` or `error`, as in `DecodingArguments`"""
    continuation_labels: str
    """Labels of a word's further sub-tokens: `ignored`, `inside` (B- becomes I-) or `same`"""
    special_token_label: str | None
    """Label that special tokens are trained on; None: they are ignored"""
    context: int = 0
    """Sub-tokens of a sentence's document that are read with it on each side, as far as they fit"""

    def align(self, sentences: Sentences, source: str = "input") -> AlignedSplit:
        """Tokenize, plan the windows and lay them out, with labels where the sentences have tags.

        Args:
            sentences: The split.
            source: The file or data set it comes from, for messages.

        Raises:
            UserError: windows too small for the stride.
            DataError: sentences too long where that is an error.
        """
        sub_tokens = split_into_sub_tokens(self.tokenizer, sentences.tokens)
        if self.long_sentences == "error":
            lengths = np.diff(sub_tokens.word_starts[sub_tokens.sentence_starts])
            _refuse_long_sentences(sentences, lengths, self._budget, source)
        plan = self._plan(sub_tokens, sentences.doc_ids)
        labels = None if sentences.tags is None else self._choose_labels(sentences.tags)
        windows = build_windows(sub_tokens, plan, self._budget, self.special, labels)
        return AlignedSplit(windows, sub_tokens.sentence_starts, sentences.tags, self._count(sub_tokens, windows))

    def align_passages(self, passages: Sequence[Passage]) -> AlignedSplit:
        """Tokenize sentences with what stands around them, which is read with them and has no windows of its own.

        Raises:
            UserError: windows too small for the stride.
        """
        rows = [row for passage in passages for row in passage]
        sub_tokens = split_into_sub_tokens(self.tokenizer, rows)
        plan = self._plan(sub_tokens, [str(place // PASSAGE_ROWS) for place in range(len(rows))])
        plan = select_windows(plan, plan.sentence_ids % PASSAGE_ROWS == OWN_ROW)
        windows = build_windows(sub_tokens, plan, self._budget, self.special)
        ledger = self._count(sub_tokens, windows, slice(OWN_ROW, None, PASSAGE_ROWS))
        windows, sentence_starts = forget_context(windows, sub_tokens.sentence_starts)
        return AlignedSplit(windows, sentence_starts, None, ledger)

    @property
    def _budget(self) -> int:
        """Sub-tokens that a window may hold."""
        return self.window_length - len(self.special)

    def _plan(self, sub_tokens: SubTokens, doc_ids: Sequence[str] | None) -> WindowPlan:
        plan = plan_windows(sub_tokens, self._budget, self.doc_stride, truncate=self.long_sentences == "truncate")
        if not self.context or doc_ids is None:
            return plan
        return widen_windows(plan, sub_tokens, number_documents(doc_ids), self.context, self._budget)

    def _count(self, sub_tokens: SubTokens, windows: Windows, rows: slice = slice(None)) -> Ledger:
        """Count what became of the words of some rows; those without sub-tokens are counted in all."""
        words = measure_ranges(sub_tokens.sentence_starts)[rows]
        lengths = measure_ranges(sub_tokens.word_starts[sub_tokens.sentence_starts])[rows]
        return Ledger(
            words=int(words.sum()),
            words_windowed=int(words[lengths > self._budget].sum()),
            words_without_sub_tokens=sub_tokens.words_without_sub_tokens,
            words_cut=int((measure_ranges(sub_tokens.word_starts) > self._budget).sum()),
            words_truncated=int(words.sum()) - len(windows.owned_words),
        )

    def align_corpus(self, corpus: "Corpus", split: str) -> AlignedSplit:
        """Align a split of a corpus; with levels of nested entities, each position has a label on each of them.

        Raises:
            DataError: see `align` (also UserError).
        """
        source = corpus.sources[split]
        if self.context and corpus.splits[split].doc_ids is None:
            logger.warning(
                "%s: no marks of documents (-DOCSTART- lines, a field doc_id): each sentence is read without context",
                source,
            )
        if not isinstance(self.label_set, LabelLevels):
            return self.align(corpus.splits[split], source)
        splits = {
            level: replace(self, label_set=labels).align(corpus.levels[level].splits[split], source)
            for level, labels in self.label_set.sets.items()
        }
        first = next(iter(splits.values()))
        labels = [split.windows.labels for split in splits.values() if split.windows.labels is not None]
        stacked = np.stack(labels, axis=-1) if labels else None
        return replace(first, windows=replace(first.windows, labels=stacked), gold=None, levels=splits)

    def _choose_labels(self, tags: Sequence[Sequence[str]]) -> WindowLabels:
        """Return what the loss sees at first sub-tokens, at further ones and at special tokens.

        Raises:
            ValueError: the tags are those of one level, the labels those of several.
        """
        if isinstance(self.label_set, LabelLevels):
            raise ValueError("tags of one level were given where the model knows several")
        words = self.label_set.encode(tag for row in tags for tag in row)
        further = None
        if self.continuation_labels == "same":
            further = words
        elif self.continuation_labels == "inside":
            further = words.copy()
            is_known = words != IGNORED_LABEL
            further[is_known] = find_continuation_labels(self.label_set)[words[is_known]]
        special = IGNORED_LABEL if self.special_token_label is None else self.label_set.ids[self.special_token_label]
        return WindowLabels(words, further, special)


def build_aligner(
    tokenizer: WordTokenizer,
    label_set: Labels,
    *,
    window_length: int,
    doc_stride: int | None = None,
    long_sentences: str = "window",
    continuation_labels: str = "ignored",
    special_token_label: str | None = None,
    context: int = 0,
) -> Aligner:
    """Return an aligner for a tokenizer and a label set; `window_length` counts special tokens."""
    special = find_special_tokens(tokenizer)
    return Aligner(
        tokenizer,
        special,
        label_set,
        window_length,
        doc_stride,
        long_sentences,
        continuation_labels,
        special_token_label,
        context,
    )


def fit_aligner(
    tokenizer: "PreTrainedTokenizerBase",
    model: "PreTrainedModel",
    label_set: Labels,
    decoding: DecodingArguments,
    recipe: "Recipe",
) -> Aligner:
    """Return the aligner that the arguments of a run ask for, with windows that the model can take."""
    return build_aligner(
        tokenizer,
        label_set,
        window_length=find_window_length(decoding.max_seq_length, tokenizer, model),
        doc_stride=decoding.doc_stride,
        long_sentences=decoding.long_sentences,
        continuation_labels=recipe.continuation_labels or ("inside" if decoding.label_all_tokens else "ignored"),
        special_token_label=recipe.special_token_label,
        context=choose_context(decoding.context, model.config),
    )


def _count_words(number: int) -> str:
    return f"{number:,} word{'' if number == 1 else 's'}"


def _refuse_long_sentences(sentences: Sentences, lengths: np.ndarray, budget: int, source: str) -> None:
    problems = [
        f"{name_place(source, sentences.lines[row])}: {lengths[row]:,} sub-tokens in the sentence, {budget} fit"
        for row in np.flatnonzero(lengths > budget)
    ]
    if problems:
        raise DataError(
            f"{list_problems(problems)}\n"
            "Give a larger --max_seq_length, or --long_sentences window to keep every word."
        )


def find_continuation_labels(label_set: LabelSet) -> np.ndarray:
    """Return for each label that of a word's further sub-tokens: `I-X` for `B-X` where there is one, else itself.

    Only the prefix is exchanged: `I-AB-B-` for `B-AB-B-`. The result is int64, (labels,).
    """
    begins = {
        name: split_tag(name)[1]
        for name in label_set.names
        if name[0] == "B" and (is_prefixed(name) or (is_bare(name) and label_set.scheme != Scheme.PLAIN))
    }
    ids = label_set.ids
    return np.array(
        [ids.get(join_tag("I", begins[name]), ids[name]) if name in begins else ids[name] for name in label_set.names],
        dtype=np.int64,
    )
