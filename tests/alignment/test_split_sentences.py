"""Cut sentences lose no word and no entity; the original's way of cutting is held line by line."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.alignment.split_sentences import (
    Counts,
    TaggedLine,
    has_no_content,
    split_as_the_original,
    split_sentences,
)

LONE_ACCENT = "\u0301"
PLACEHOLDER = "[UNK]"


def count_letters(word: str) -> int:
    """Stands in for a tokenizer: a sub-token for each ASCII letter or digit, as BERT none for anything else."""
    return sum(character.isascii() and character.isalnum() for character in word)


def parse_lines(text: str) -> list[TaggedLine | None]:
    """`word tag` lines as preprocess.py reads them."""
    lines = []
    for line in text.split("\n"):
        is_boundary = not line or line.startswith("-DOCSTART-")
        lines.append(None if is_boundary else TaggedLine(line.split(" ")[0], line.split(" ")[-1], line))
    return lines


def split_text(text: str, budget: int, placeholder: str | None = None) -> tuple[str, Counts]:
    """What preprocess.py writes for a text, and its counts."""
    counts = Counts()
    sentences = split_sentences(parse_lines(text), count_letters, budget, counts, placeholder)
    return "".join("".join(f"{line.text}\n" for line in sentence) + "\n" for sentence in sentences), counts


@dataclass(frozen=True)
class Case:
    """An input, what the original makes of it, and what we do."""

    text: str
    original: str
    ours: str
    budget: int = 4


RECORDED = {
    "a sentence exactly at the budget fits": Case("aa O\nbb O\n\n", "aa O\nbb O\n\n", "aa O\nbb O\n\n"),
    "one more sub-token begins a sentence": Case(
        "aa O\nbb O\nc O\n\n", "aa O\nbb O\n\nc O\n\n", "aa O\nbb O\n\nc O\n\n"
    ),
    "an empty line starts the count afresh": Case("aaa O\n\nbbb O\n\n", "aaa O\n\nbbb O\n\n", "aaa O\n\nbbb O\n\n"),
    "a sentence of words without sub-tokens leaves two empty lines": Case(
        "a O\n\n\x96 O\n\nb O\n\n", "a O\n\n\nb O\n\n", "a O\n\nb O\n\n"
    ),
    "a word without sub-tokens takes its B- with it": Case(
        "\xad B-X\na I-X\nb O\n\n", "a I-X\nb O\n\n", "a B-X\nb O\n\n"
    ),
    "a word without sub-tokens leaves the count as it is": Case(
        "aa O\n\x80 O\nbb O\n\n", "aa O\nbb O\n\n", "aa O\nbb O\n\n"
    ),
    "a word over the budget is written alone, as the first behind a second empty line": Case(
        "a O\n\nbbbbb O\nc O\n\n", "a O\n\n\nbbbbb O\n\nc O\n\n", "a O\n\nbbbbb O\n\nc O\n\n"
    ),
    "an empty line stands before a first word over the budget": Case("bbbbb O\n\n", "\nbbbbb O\n\n", "bbbbb O\n\n"),
    "an entity is cut in two": Case(
        "aa O\nb B-X\ncc I-X\nd O\n\n", "aa O\nb B-X\n\ncc I-X\nd O\n\n", "aa O\n\nb B-X\ncc I-X\nd O\n\n"
    ),
    "a document start is a word of eight letters": Case(
        "-DOCSTART- O\n\na O\n\n", "\n-DOCSTART- O\n\na O\n\n", "a O\n\n"
    ),
    "the tag is taken for the word behind a NBSP": Case(
        "aaa O\n\xa0 O\nb O\n\n", "aaa O\n\xa0 O\n\nb O\n\n", "aaa O\nb O\n\n"
    ),
    "the tag is taken for the word behind U+0085": Case("\x85 O\na O\n\n", "\x85 O\na O\n\n", "a O\n\n"),
    "the tag is taken for the word behind U+3000": Case("\u3000 O\na O\n\n", "\u3000 O\na O\n\n", "a O\n\n"),
    "control characters are filtered": Case(
        "".join(f"{character} O\n" for character in "\x80\x95\x96\xad\u200e") + "a O\n\n", "a O\n\n", "a O\n\n"
    ),
    "empty lines without a sentence between stay": Case("a O\n\n\n\nb O\n\n", "a O\n\n\n\nb O\n\n", "a O\n\nb O\n\n"),
    "a last sentence without its empty line": Case("a O", "a O\n", "a O\n\n"),
}


@pytest.mark.parametrize("name", RECORDED)
def test_the_originals_way_is_kept_and_ours_mends_it(name: str) -> None:
    case = RECORDED[name]
    lines = case.text.removesuffix("\n").split("\n")
    original = split_as_the_original([f"{line}\n" for line in lines], count_letters, case.budget)
    assert "".join(f"{line}\n" for line in original) == case.original
    assert split_text(case.text, case.budget)[0] == case.ours


FILTERED_FROM_AN_ENTITY = {
    "first": ("\x96 B-X\na I-X\nb I-X\n", "a B-X\nb I-X\n"),
    "all": ("\x96 B-X\n\xad I-X\na O\n", "a O\n"),
    "middle": ("a B-X\n\x96 I-X\nb I-X\n", "a B-X\nb I-X\n"),
    "first, IOB1": ("\x96 I-X\na I-X\n", "a I-X\n"),
    "first, behind another of its type": ("a B-X\n\x96 B-X\nb I-X\n", "a B-X\nb B-X\n"),
    "last, IOBES": ("a B-X\nb I-X\n\x96 E-X\n", "a B-X\nb E-X\n"),
    "first, IOBES": ("\x96 B-X\na I-X\nb E-X\n", "a B-X\nb E-X\n"),
    "all but one, IOBES": ("\x96 B-X\na E-X\n", "a S-X\n"),
    "last, BILOU": ("a B-X\nb I-X\n\x96 L-X\n", "a B-X\nb L-X\n"),
    "all but one, BILOU": ("a B-X\n\x96 L-X\n", "a U-X\n"),
    "the word between two, IOB1": ("a I-X\n\x96 O\nb I-X\nc I-X\n", "a I-X\nb B-X\nc I-X\n"),
    "the entity between two": ("a B-X\n\x96 B-Y\nb I-X\n", "a B-X\nb B-X\n"),
    "the word between two, IOBES": ("a B-X\n\x96 O\nb E-X\n", "a B-X\nb S-X\n"),
    "no sub-token": (f"{LONE_ACCENT} B-X\na I-X\n", "a B-X\n"),
    "more columns": ("\x96 NN B-X\na NN I-X\n", "a NN B-X\n"),
}


@pytest.mark.parametrize("place", FILTERED_FROM_AN_ENTITY)
def test_a_filtered_word_leaves_its_entity_whole(place: str) -> None:
    text, expected = FILTERED_FROM_AN_ENTITY[place]
    assert split_text(text, budget=9)[0] == f"{expected}\n"


def test_a_cut_falls_between_entities_even_if_that_leaves_room() -> None:
    output, counts = split_text("a O\nb B-X\nc I-X\nd I-X\ne I-X\nf O\n", budget=4)
    assert output == "a O\n\nb B-X\nc I-X\nd I-X\ne I-X\n\nf O\n\n"
    assert (counts.splits, counts.entities_in, counts.entities_out) == (2, 1, 1)


def test_only_an_entity_over_the_budget_is_cut() -> None:
    output, counts = split_text("a O\nb B-X\nc I-X\nd I-X\n", budget=2)
    assert output == "a O\n\nb B-X\nc I-X\n\nd I-X\n\n"
    assert (counts.splits, counts.entities_in, counts.entities_out) == (2, 1, 2)


def test_words_are_replaced_where_none_may_be_lost() -> None:
    text = f"\x96 B-X\na I-X\n\n\ufeff O\n\n{LONE_ACCENT} NN O\n"
    output, counts = split_text(text, budget=2, placeholder=PLACEHOLDER)
    assert output == "[UNK] B-X\na I-X\n\n[UNK] O\n\n[UNK] NN O\n\n"
    assert (counts.words_in, counts.words_out, counts.sentences_out) == (4, 4, 3)
    assert counts.filtered == {"U+0096": 1, "U+FEFF": 1, "U+0301": 1}


def test_counts_are_told_in_one_line() -> None:
    counts = split_text("\x96 O\n\x96 O\n\xad\u200e B-X\na I-X\n\nbb O\ncc O\n", budget=3)[1]
    assert counts.describe() == (
        "sentences 2 -> 3, words 6 -> 3, entities 1 -> 1, splits 1, "
        "words without content 3 (U+0096 2, U+00AD+U+200E 1)"
    )


@pytest.mark.parametrize("word", [*"\x80\x95\x96\xad\u200e\x85\xa0\u3000\u200b\ufeff\u2028\u2060", "\xa0\xad", ""])
def test_control_and_space_characters_are_no_content(word: str) -> None:
    assert has_no_content(word)


@pytest.mark.parametrize("word", ["a", "-", "\u2013", LONE_ACCENT, "a\xad", "\ufe0f", "\ue000"])
def test_anything_visible_is_content(word: str) -> None:
    assert not has_no_content(word)


# The first few often, so that they meet.
WORDS = st.sampled_from(["a", "\x96"]) | st.sampled_from(["bb", "ccc", "ddddd", "\xa0", LONE_ACCENT])
TAGS = st.sampled_from(["O", "B-X", "I-X"]) | st.sampled_from(
    ["E-X", "S-X", "L-X", "U-X", "B-Y", "I-Y", "E-Y", "VERB"]
)
SENTENCES = st.lists(st.lists(st.tuples(WORDS, TAGS), max_size=12), max_size=4)
BUDGETS = st.integers(1, 8)


def number_lines(sentences: list[list[tuple[str, str]]]) -> list[TaggedLine | None]:
    """Lines `word number tag`: the number tells them apart; None behind each sentence."""
    numbers = iter(range(1000))
    lines = []
    for sentence in sentences:
        lines += [TaggedLine(word, tag, f"{word} {next(numbers)} {tag}") for word, tag in sentence] + [None]
    return lines


def read_number(line: TaggedLine) -> int:
    """The number in a line's text."""
    return int(line.text.split(" ")[1])


def find_entities(lines: list[TaggedLine]) -> list[list[int]]:
    """The numbers of each entity's lines, read as conlleval does."""
    entities, open_type = [], None
    for line in lines:
        prefix, _, entity_type = line.tag.partition("-")
        if prefix in ("I", "E", "L") and entity_type == open_type:
            entities[-1].append(read_number(line))
        elif line.tag != "O":
            entities.append([read_number(line)])
        open_type = entity_type if prefix in ("B", "I") else None
    return entities


def split_numbered(
    lines: list[TaggedLine | None], budget: int, placeholder: str | None = None
) -> tuple[list[list[TaggedLine]], Counts]:
    """The cut sentences and the counts."""
    counts = Counts()
    return list(split_sentences(lines, count_letters, budget, counts, placeholder)), counts


@given(SENTENCES, BUDGETS)
def test_words_come_out_in_order_within_the_budget_and_counted(sentences, budget) -> None:
    lines = number_lines(sentences)
    cut, counts = split_numbered(lines, budget)
    kept = [line for line in lines if line is not None and count_letters(line.word)]
    assert [(line.word, read_number(line)) for part in cut for line in part] == [
        (line.word, read_number(line)) for line in kept
    ]
    assert all(line.text.endswith(f" {line.tag}") for part in cut for line in part)
    assert all(cut)
    assert all(len(part) == 1 or sum(count_letters(line.word) for line in part) <= budget for part in cut)
    with_words = [sentence for sentence in sentences if any(count_letters(word) for word, _ in sentence)]
    assert (counts.words_in, counts.words_out) == (sum(map(len, sentences)), len(kept))
    assert counts.filtered.total() == counts.words_in - counts.words_out
    assert (counts.sentences_in, counts.sentences_out) == (sum(map(bool, sentences)), len(cut))
    assert counts.splits == len(cut) - len(with_words)


@given(SENTENCES, BUDGETS)
def test_entities_stay_as_they_are_unless_one_is_over_the_budget(sentences, budget) -> None:
    lines = number_lines(sentences)
    sizes = {read_number(line): count_letters(line.word) for line in lines if line is not None}
    before = [entity for sentence in sentences_of(lines) for entity in find_entities(sentence)]
    remaining = [[number for number in entity if sizes[number]] for entity in before]
    cut, counts = split_numbered(lines, budget)
    after = [entity for part in cut for entity in find_entities(part)]
    assert (counts.entities_in, counts.entities_out) == (len(before), len(after))
    for entity in filter(None, remaining):
        found = after.pop(0)
        while found != entity and sum(sizes[number] for number in entity) > budget:
            found = found + after.pop(0)
        assert found == entity
    assert after == []


def sentences_of(lines: list[TaggedLine | None]) -> list[list[TaggedLine]]:
    """The lines between boundaries."""
    sentences = [[]]
    for line in lines:
        if line is None:
            sentences.append([])
        else:
            sentences[-1].append(line)
    return sentences


@given(SENTENCES, BUDGETS)
def test_with_a_placeholder_no_word_and_no_tag_is_lost(sentences, budget) -> None:
    lines = [line for line in number_lines(sentences) if line is not None]
    cut, counts = split_numbered(lines, budget, PLACEHOLDER)
    assert [(read_number(line), line.tag) for part in cut for line in part] == [
        (number, line.tag) for number, line in enumerate(lines)
    ]
    assert [line.word for part in cut for line in part] == [
        line.word if count_letters(line.word) else PLACEHOLDER for line in lines
    ]
    assert counts.words_in == counts.words_out
