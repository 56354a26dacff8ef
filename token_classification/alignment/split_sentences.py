"""Tagged lines cut into sentences that fit a model without windows: what `scripts/preprocess.py` does.

Two ways: `split_sentences` keeps entities whole; `split_as_the_original` repeats the script of the GermEval
walk-through byte for byte, with what it does to the gold.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from token_classification.data.schemes import OUTSIDE, is_continuation, join_tag, split_tag

CountSubTokens = Callable[[str], int]
"""Word -> number of its sub-tokens."""

CLOSED_ALONE = {"E": "S", "L": "U"}
"""The prefix of an entity's last word -> that of an entity of one word."""
OPENED = {"I": "B", "E": "S", "L": "U"}
"""The prefix of a word that goes on with an entity -> that of one that begins another."""


@dataclass(frozen=True)
class TaggedLine:
    """A line with a word and its tag; `text` is what is written."""

    word: str
    tag: str
    text: str

    def with_tag(self, tag: str) -> "TaggedLine":
        """Return the same line with another tag in its last column."""
        return replace(self, tag=tag, text=self.text.removesuffix(self.tag) + tag)

    def with_word(self, word: str) -> "TaggedLine":
        """Return the same line with another word in its first column."""
        return replace(self, word=word, text=word + self.text.removeprefix(self.word))


@dataclass
class Counts:
    """What went in and what came out."""

    sentences_in: int = 0
    sentences_out: int = 0
    words_in: int = 0
    words_out: int = 0
    entities_in: int = 0
    entities_out: int = 0
    splits: int = 0
    """Sentences begun because the one before was full"""
    filtered: Counter[str] = field(default_factory=Counter)
    """Code points of a word without content (`U+0096`) -> how often it was filtered, or replaced"""

    def describe(self) -> str:
        """Return one line for people and programs."""
        filtered = ", ".join(f"{name} {count:,}" for name, count in self.filtered.most_common())
        return (
            f"sentences {self.sentences_in:,} -> {self.sentences_out:,}, "
            f"words {self.words_in:,} -> {self.words_out:,}, "
            f"entities {self.entities_in:,} -> {self.entities_out:,}, splits {self.splits:,}, "
            f"words without content {self.filtered.total():,}" + (f" ({filtered})" if filtered else "")
        )


def split_sentences(
    lines: Iterable[TaggedLine | None],
    count_sub_tokens: CountSubTokens,
    budget: int,
    counts: Counts,
    placeholder: str | None = None,
) -> Iterator[list[TaggedLine]]:
    """Cut sentences so that none has more than `budget` sub-tokens.

    A cut falls between entities where the sentence has such a place; a word longer than the budget stands alone. Words
    without content are filtered (their B- goes to the rest of their entity) or replaced.

    Args:
        lines: Tagged lines; None where a sentence ends.
        count_sub_tokens: The model's tokenizer.
        budget: Sub-tokens of a sentence.
        counts: Is added to.
        placeholder: Stands for words without content instead of filtering them.

    Yields:
        Sentences, none of them empty.
    """
    sentence: list[tuple[TaggedLine, int]] = []
    used = 0
    for entity in group_entities(lines, counts):
        if entity is None:
            yield from _finish(sentence, counts)
            sentence, used = [], 0
            continue
        kept = _drop_empty_words(entity, count_sub_tokens, counts, placeholder)
        if kept and sentence and is_continuation(sentence[-1][0].tag, kept[0].tag):
            # The word that parted two entities was filtered: they stay two.
            kept[0] = kept[0].with_tag(OPENED[kept[0].tag[0]] + kept[0].tag[1:])
        counts.entities_out += bool(kept) and kept[0].tag != OUTSIDE
        for line in kept:
            size = 1 if line.word == placeholder else count_sub_tokens(line.word)
            while sentence and used + size > budget:
                cut = _find_cut([before for before, _ in sentence], line)
                counts.splits += 1
                counts.entities_out += cut == len(sentence) and is_continuation(sentence[-1][0].tag, line.tag)
                yield from _finish(sentence[:cut], counts)
                sentence = sentence[cut:]
                used = sum(length for _, length in sentence)
            sentence.append((line, size))
            used += size
    yield from _finish(sentence, counts)


def group_entities(lines: Iterable[TaggedLine | None], counts: Counts) -> Iterator[list[TaggedLine] | None]:
    """Yield the lines of each entity together, every other line by itself, and None where a sentence ends."""
    group: list[TaggedLine] = []
    in_sentence = False
    for line in lines:
        if group and (line is None or not is_continuation(group[-1].tag, line.tag)):
            yield group
            group = []
        if line is None:
            if in_sentence:
                yield None
            in_sentence = False
            continue
        counts.words_in += 1
        counts.sentences_in += not in_sentence
        counts.entities_in += not group and line.tag != OUTSIDE
        in_sentence = True
        group.append(line)
    if group:
        yield group


def has_no_content(word: str) -> bool:
    """Tell whether a word is of control, format and space characters only (U+0096, soft hyphen, NBSP, BOM ...)."""
    return all(unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp") for character in word)


def _drop_empty_words(
    entity: list[TaggedLine], count_sub_tokens: CountSubTokens, counts: Counts, placeholder: str | None
) -> list[TaggedLine]:
    """Filter or replace words without content or sub-tokens; what is left of an entity begins and ends as it did."""
    kept = []
    for line in entity:
        if not has_no_content(line.word) and count_sub_tokens(line.word):
            kept.append(line)
            continue
        counts.filtered["+".join(f"U+{ord(character):04X}" for character in line.word) or "empty"] += 1
        if placeholder is not None:
            kept.append(line.with_word(placeholder))
    if not kept or len(kept) == len(entity) or entity[0].tag == OUTSIDE:
        return kept
    entity_type = split_tag(entity[0].tag)[1]
    first, last = entity[0].tag[0], entity[-1].tag[0]
    if len(kept) == 1:
        return [kept[0].with_tag(join_tag(CLOSED_ALONE.get(last, first), entity_type))]
    ends = join_tag(first, entity_type), join_tag(last, entity_type)
    return [kept[0].with_tag(ends[0]), *kept[1:-1], kept[-1].with_tag(ends[1])]


def _find_cut(sentence: list[TaggedLine], following: TaggedLine) -> int:
    """Return the last place of a full sentence where no entity is cut; its end, inside an entity, if there is none."""
    pairs = list(zip(sentence, [*sentence[1:], following], strict=True))
    for place in range(len(sentence), 0, -1):
        before, after = pairs[place - 1]
        if not is_continuation(before.tag, after.tag):
            return place
    return len(sentence)


def _finish(sentence: list[tuple[TaggedLine, int]], counts: Counts) -> Iterator[list[TaggedLine]]:
    if sentence:
        counts.sentences_out += 1
        counts.words_out += len(sentence)
        yield [line for line, _ in sentence]


def split_as_the_original(lines: Iterable[str], count_sub_tokens: CountSubTokens, budget: int) -> Iterator[str]:
    """Yield what the original script prints for the lines of a file, line by line without line ends.

    Its ways are kept: a word without sub-tokens takes its tag with it, cuts ignore entities, a full sentence gets an
    empty line even where one stands already, and Unicode blanks (NBSP, U+0085) part word and tag.
    """
    used = 0
    for line in lines:
        text = line.rstrip()
        if not text:
            used = 0
            yield text
            continue
        size = count_sub_tokens(text.split()[0])
        if size == 0:
            continue
        if used + size > budget:
            used = 0
            yield ""
        used += size
        yield text
