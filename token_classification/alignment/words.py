"""Words to sub-tokens. Each distinct word is tokenized once; a word never ends up without a sub-token."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from transformers import PreTrainedTokenizerBase

from token_classification.errors import UserError

WORDS_PER_CALL = 1024
"""Words that are handed to the tokenizer as one sequence; one call for each would cost more than the work."""


@dataclass(frozen=True)
class SubTokens:
    """The sub-tokens of all words of a split, end to end.

    `ids[word_starts[w]:word_starts[w + 1]]` are the sub-tokens of word `w`, counted through the whole split;
    `sentence_starts[s]:sentence_starts[s + 1]` are the words of sentence `s`.
    """

    ids: np.ndarray
    """int32, (sub-tokens,)"""
    word_starts: np.ndarray
    """int64, (words + 1,)"""
    sentence_starts: np.ndarray
    """int64, (sentences + 1,)"""
    words_without_sub_tokens: int
    """Words for which the tokenizer gave nothing; the unknown token stands in their place."""


@dataclass(frozen=True)
class SpecialTokens:
    """What the tokenizer puts around one sequence, and the segment ids where they are not all 0."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    types: tuple[int, int, int] | None
    """Segment ids (before, words, after) for models that need them (XLNet: 0, 0, 2); None if all are 0."""

    def __len__(self) -> int:
        return len(self.before) + len(self.after)


def split_into_sub_tokens(tokenizer: PreTrainedTokenizerBase, sentences: Sequence[Sequence[str]]) -> SubTokens:
    """Tokenize the words of all sentences.

    A fast tokenizer splits every word of a pre-tokenized sentence by itself, so each distinct word is tokenized once
    and its sub-tokens are copied to all its places: the same ids as a call on whole sentences, in less time.
    """
    words = list(chain.from_iterable(sentences))
    place_of = {word: place for place, word in enumerate(dict.fromkeys(words))}
    ids, counts = tokenize_words(tokenizer, list(place_of))
    is_missing = counts == 0
    # The unknown token stands at the end of the ids, where every word without sub-tokens points.
    starts = np.where(is_missing, len(ids), cumulate(counts)[:-1])
    ids = np.append(ids, np.int32(find_placeholder(tokenizer)))
    counts = np.maximum(counts, 1)

    which = np.fromiter(map(place_of.__getitem__, words), dtype=np.int64, count=len(words))
    return SubTokens(
        ids=ids[expand_ranges(starts[which], counts[which])],
        word_starts=cumulate(counts[which]),
        sentence_starts=cumulate(np.fromiter(map(len, sentences), dtype=np.int64, count=len(sentences))),
        words_without_sub_tokens=int(is_missing[which].sum()),
    )


def tokenize_words(tokenizer: PreTrainedTokenizerBase, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return sub-tokens of all words end to end, int32, and how many each has (0 is possible), int64 (words,)."""
    chunks = [words[start : start + WORDS_PER_CALL] for start in range(0, len(words), WORDS_PER_CALL)]
    if not chunks:
        return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64)
    encoded = tokenizer(
        chunks, is_split_into_words=True, add_special_tokens=False, return_attention_mask=False, verbose=False
    )
    counts = [
        np.bincount(np.array(encoded.word_ids(row), dtype=np.int64), minlength=len(chunk))
        for row, chunk in enumerate(chunks)
    ]
    return np.fromiter(chain.from_iterable(encoded["input_ids"]), dtype=np.int32), np.concatenate(counts)


def find_placeholder(tokenizer: PreTrainedTokenizerBase) -> int:
    """Return the id that stands for a word without sub-tokens: the unknown token, else the mask or padding token.

    Raises:
        UserError: the tokenizer has none of them.
    """
    for token_id in (tokenizer.unk_token_id, tokenizer.mask_token_id, tokenizer.pad_token_id):
        if token_id is not None:
            return token_id
    raise UserError(
        f"{tokenizer.name_or_path}: the tokenizer has no unknown, mask or padding token; add one to its "
        'tokenizer_config.json, e.g. "unk_token": "<unk>".'
    )


def find_special_tokens(tokenizer: PreTrainedTokenizerBase) -> SpecialTokens:
    """Read off an encoded word what the tokenizer puts before and after a sequence."""
    encoded = tokenizer(["a"], is_split_into_words=True, return_special_tokens_mask=True, return_token_type_ids=True)
    ids, types = encoded["input_ids"], encoded["token_type_ids"]
    inner = [position for position, special in enumerate(encoded["special_tokens_mask"]) if not special]
    first, end = inner[0], inner[-1] + 1
    segments = (types[0], types[first], types[-1])
    return SpecialTokens(tuple(ids[:first]), tuple(ids[end:]), segments if any(segments) else None)


def cumulate(lengths: np.ndarray) -> np.ndarray:
    """Return lengths -> borders: [2, 3] -> [0, 2, 5] (int64, one more item)."""
    return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))


def expand_ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return indices of many ranges end to end: starts [5, 0], lengths [2, 3] -> [5, 6, 0, 1, 2]."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
