"""Words to sub-tokens. Each distinct word is tokenized once; a word never ends up without a sub-token."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from token_classification.errors import UserError

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer
    from transformers import PreTrainedTokenizerBase

WORDS_PER_CALL = 1024
"""Words that are handed to the tokenizer as one sequence; one call for each would cost more than the work."""


class WordTokenizer(Protocol):
    """What cutting words asks of a tokenizer: one of transformers, or a file read without it."""

    @property
    def is_fast(self) -> bool:
        """Whether it is one of the library `tokenizers`, and not in Python."""

    @property
    def backend_tokenizer(self) -> "Tokenizer":
        """That library's object; only fast ones have it."""

    @property
    def name_or_path(self) -> str:
        """Where it is from, for messages."""

    @property
    def padding_side(self) -> str:
        """`right` or `left`."""

    @property
    def unk_token_id(self) -> int | None:
        """What stands for the unknown; as the others, None if there is none."""

    @property
    def mask_token_id(self) -> int | None:
        """What stands for a hidden word."""

    @property
    def pad_token_id(self) -> int | None:
        """What fills up a batch."""

    @property
    def bos_token_id(self) -> int | None:
        """What begins a text."""

    @property
    def eos_token_id(self) -> int | None:
        """What ends a text."""

    @property
    def all_special_ids(self) -> list[int]:
        """All special tokens."""

    def get_vocab(self) -> dict[str, int]:
        """Return the number of each sub-token."""


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
    """Words for which the tokenizer gave nothing; a placeholder stands in their place."""


@dataclass(frozen=True)
class SpecialTokens:
    """What the tokenizer puts around one sequence, and the segment ids where they are not all 0."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    types: tuple[int, int, int] | None
    """Segment ids (before, words, after) for models that need them (XLNet: 0, 0, 2); None if all are 0."""

    def __len__(self) -> int:
        return len(self.before) + len(self.after)


def split_into_sub_tokens(tokenizer: WordTokenizer, sentences: Sequence[Sequence[str]]) -> SubTokens:
    """Tokenize the words of all sentences.

    A fast tokenizer splits every word of a pre-tokenized sentence by itself, so each distinct word is tokenized once
    and its sub-tokens are copied to all its places: the same ids as a call on whole sentences, in less time.

    Raises:
        UserError: a word has no sub-tokens, and the tokenizer none to stand for it.
    """
    words = list(chain.from_iterable(sentences))
    place_of = {word: place for place, word in enumerate(dict.fromkeys(words))}
    ids, counts = tokenize_words(tokenizer, list(place_of))
    starts, is_missing = cumulate(counts)[:-1], counts == 0
    missing = bool(is_missing.any())
    if missing:
        placeholder = find_placeholder(tokenizer)
        if placeholder is None:
            word = list(place_of)[int(is_missing.argmax())]
            raise UserError(_explain_missing_placeholder(tokenizer, word))
        # It stands at the end of the ids, where every word without sub-tokens points.
        starts = np.where(is_missing, len(ids), starts)
        ids = np.append(ids, np.int32(placeholder))
        counts = np.maximum(counts, 1)

    sentence_starts = cumulate(np.fromiter(map(len, sentences), dtype=np.int64, count=len(sentences)))
    if len(place_of) == len(words) and not missing:  # a short text, most of the time
        return SubTokens(ids, cumulate(counts), sentence_starts, 0)
    which = np.fromiter(map(place_of.__getitem__, words), dtype=np.int64, count=len(words))
    return SubTokens(
        ids=ids[expand_ranges(starts[which], counts[which])],
        word_starts=cumulate(counts[which]),
        sentence_starts=sentence_starts,
        words_without_sub_tokens=int(is_missing[which].sum()),
    )


def tokenize_words(tokenizer: WordTokenizer, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return sub-tokens of all words end to end, int32, and how many each has (0 is possible), int64 (words,)."""
    if not tokenizer.is_fast:
        # One in Python doesn't say which sub-token comes from which word, so each word is a call.
        options = {"is_split_into_words": True, "add_special_tokens": False, "verbose": False}
        slow = cast("PreTrainedTokenizerBase", tokenizer)
        rows = [slow([word], **options)["input_ids"] for word in words]
        lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        return np.fromiter(chain.from_iterable(rows), dtype=np.int32), lengths
    chunks = [words[start : start + WORDS_PER_CALL] for start in range(0, len(words), WORDS_PER_CALL)]
    if not chunks:
        return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64)
    encodings = _encode(tokenizer, chunks, add_special_tokens=False)
    counts = [
        np.bincount(np.array(encoding.word_ids, dtype=np.int64), minlength=len(chunk))
        for encoding, chunk in zip(encodings, chunks, strict=True)
    ]
    ids = chain.from_iterable(encoding.ids for encoding in encodings)
    return np.fromiter(ids, dtype=np.int32), np.concatenate(counts)


def _encode(tokenizer: WordTokenizer, rows: Sequence[Sequence[str]], add_special_tokens: bool) -> "Sequence[Encoding]":
    """Tokenize rows of words with a fast tokenizer.

    Not by calling it: the call of some classes wants boxes (LayoutLM) or entities (LUKE) beside words, which what is
    behind it does not, and for a short text the call takes longer than the work.
    """
    backend = tokenizer.backend_tokenizer
    # Only where there is something to change: another thread may be using it.
    if backend.truncation is not None:
        backend.no_truncation()
    if backend.padding is not None:
        backend.no_padding()
    if len(rows) == 1:  # a batch goes to threads, which takes longer than a short text
        return [backend.encode(rows[0], is_pretokenized=True, add_special_tokens=add_special_tokens)]
    return backend.encode_batch(rows, is_pretokenized=True, add_special_tokens=add_special_tokens)


def find_placeholder(tokenizer: WordTokenizer) -> int | None:
    """Return the id that stands for a word without sub-tokens: the unknown token, else the mask or padding token.

    Decoders often have none of these; then it is what ends or begins a text, or any other special token. It has to be
    one that exists, because a new one would have no row in the model's embedding table. None: there is no special one.
    """
    by_name = (tokenizer.unk_token_id, tokenizer.mask_token_id, tokenizer.pad_token_id)
    ids = (*by_name, tokenizer.eos_token_id, tokenizer.bos_token_id, *tokenizer.all_special_ids)
    return next((token_id for token_id in ids if token_id is not None), None)


def _explain_missing_placeholder(tokenizer: WordTokenizer, word: str) -> str:
    example = next((token for token, number in tokenizer.get_vocab().items() if number == 0), "")
    return (
        f"{tokenizer.name_or_path}: the tokenizer has no sub-token for the word {word!a}, and no special token to "
        "read in its place; accepted: a tokenizer_config.json in which one of the sub-tokens that it has is the "
        f'unknown token, e.g. "unk_token": {json.dumps(example)}; or the data without this word.'
    )


def find_special_tokens(tokenizer: WordTokenizer) -> SpecialTokens:
    """Read off an encoded word what the tokenizer puts before and after a sequence.

    Raises:
        UserError: it gives the word no sub-token.
    """
    if tokenizer.is_fast:
        encoding = _encode(tokenizer, [["a"]], add_special_tokens=True)[0]
        ids, types, is_special = encoding.ids, encoding.type_ids, encoding.special_tokens_mask
    else:
        options = {"return_special_tokens_mask": True, "return_token_type_ids": True}
        encoded = cast("PreTrainedTokenizerBase", tokenizer)(["a"], is_split_into_words=True, **options)
        ids, types, is_special = (encoded[key] for key in ("input_ids", "token_type_ids", "special_tokens_mask"))
    inner = [position for position, special in enumerate(is_special) if not special]
    if not inner:
        raise UserError(_explain_missing_placeholder(tokenizer, "a"))
    first, end = inner[0], inner[-1] + 1
    segments = (types[0], types[first], types[-1])
    return SpecialTokens(tuple(ids[:first]), tuple(ids[end:]), segments if any(segments) else None)


def cumulate(lengths: np.ndarray) -> np.ndarray:
    """Return lengths -> borders: [2, 3] -> [0, 2, 5] (int64, one more item)."""
    borders = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=borders[1:])
    return borders


def measure_ranges(borders: np.ndarray) -> np.ndarray:
    """Return borders -> lengths: [0, 2, 5] -> [2, 3]; `np.diff` takes three times as long for a short text."""
    lengths: np.ndarray = borders[1:] - borders[:-1]
    return lengths


def expand_ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return indices of many ranges end to end: starts [5, 0], lengths [2, 3] -> [5, 6, 0, 1, 2]."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
