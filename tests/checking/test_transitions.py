"""Illegal tags and mixed schemes; legal data has neither, in any scheme."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from token_classification.checking import transitions
from token_classification.checking.files import CheckedData, Reading, number_files, read_files
from token_classification.checking.transitions import find_illegal_tags, recognise_main_scheme
from token_classification.data.scheme_conversion import convert_tags
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.data.transitions import may_end, may_follow

ENTITY_SCHEMES = [Scheme.IOB1, Scheme.IOB2, Scheme.IOBES, Scheme.BILOU]
ANY_TAGS = st.lists(st.sampled_from(["O", *(f"{p}-{name}" for p in "BIESLU" for name in ("A", "B"))]), min_size=1)


def build_data(*sentences: Sequence[str]) -> CheckedData:
    """Sentences of given tags, a line per word, a blank line between."""
    lines, line = [], 1
    for tags in sentences:
        lines.append(line)
        line += len(tags) + 1
    read = Sentences([["w"] * len(tags) for tags in sentences], list(map(list, sentences)), lines, None, True)
    return number_files([Reading(Path("a.conll"), "train", read, [])])


def find(sentences: list[str], scheme: Scheme) -> list[tuple[str, int]]:
    """Kind and line of each problem; sentences are tags between blanks."""
    return [(p.kind, p.line) for p in find_illegal_tags(build_data(*map(str.split, sentences)), scheme)]


@pytest.mark.parametrize("scheme", ENTITY_SCHEMES)
def test_the_sample_corpus_is_clean_in_every_scheme(scheme):
    reading = read_files([ROOT / "sample" / "dev.conll"])[0]
    reading.sentences.tags = [convert_tags(tags, Scheme.IOB2, scheme) for tags in reading.sentences.tags]
    data = number_files([reading])
    assert recognise_main_scheme(data) == scheme
    assert list(find_illegal_tags(data, scheme)) == []


@pytest.mark.parametrize(
    ("scheme", "tags", "lines"),
    [
        (Scheme.IOB2, "O I-A O", [2]),
        (Scheme.IOB2, "I-A I-A", [1]),
        (Scheme.IOB2, "B-A I-B I-B", [2]),
        (Scheme.IOB1, "O B-A", [2]),
        (Scheme.IOB1, "I-A B-A I-B B-A", [4]),
        (Scheme.IOBES, "B-A O S-A", [1]),
        (Scheme.IOBES, "O B-A I-A", [3]),
        (Scheme.IOBES, "O E-A", [2]),
        (Scheme.IOBES, "B-A E-B", [2]),
        (Scheme.BILOU, "U-A L-A", [2]),
        (Scheme.BILOU, "B-A U-A", [1]),
    ],
)
def test_the_line_of_an_illegal_tag(scheme, tags, lines):
    legal = {Scheme.IOB2: "B-A I-A O", Scheme.IOB1: "I-A I-A O", Scheme.IOBES: "B-A E-A O", Scheme.BILOU: "B-A L-A O"}
    found = find([tags, *[legal[scheme]] * 99], scheme)
    assert found == [("illegal_transition", line) for line in lines]


@given(ANY_TAGS, st.sampled_from(ENTITY_SCHEMES))
def test_a_sentence_is_reported_exactly_if_a_step_in_it_is_illegal(tags, scheme):
    lacks = {"iob1": "ESLU", "iob2": "ESLU", "iobes": "LU", "bilou": "ES"}[scheme]
    steps = all(may_follow(before, tag, scheme) for before, tag in zip(["O", *tags], tags, strict=False))
    is_legal = steps and may_end(tags[-1], scheme) and not any(tag[0] in lacks for tag in tags)
    assert bool(find([" ".join(tags)], scheme)) != is_legal


@pytest.mark.parametrize("scheme", ENTITY_SCHEMES)
def test_a_thousand_types_cost_no_more_questions_than_two(scheme, monkeypatch):
    asked = []
    monkeypatch.setattr(transitions, "may_follow", lambda *step: asked.append(step) or may_follow(*step))
    counts = []
    for types in (2, 1_000):
        data = build_data(*([f"B-T{number}", f"I-T{number}", "O"] for number in range(types)))
        recognise_main_scheme(data)
        assert sum(1 for _ in find_illegal_tags(data, Scheme.IOB2)) == 0
        counts.append(len(asked))
        asked.clear()
    assert counts[0] == counts[1] > 0


def test_other_prefixes_are_another_scheme():
    sentences = ["B-A I-A O"] * 9 + ["O B-A E-A"] + ["S-A O S-A"] + ["U-A O"]
    assert recognise_main_scheme(build_data(*map(str.split, sentences))) == Scheme.IOB2
    assert find(sentences, Scheme.IOB2) == [("mixed_schemes", line) for line in (39, 41, 45)]


def test_many_sentences_that_another_scheme_explains_are_mixed_and_few_are_slips():
    assert find(["B-A I-A O"] * 60 + ["O I-A"] * 2, Scheme.IOB2) == [("illegal_transition", n) for n in (242, 245)]
    assert find(["B-A I-A"] * 30 + ["O I-A"] * 3, Scheme.IOB2) == [("mixed_schemes", n) for n in (92, 95, 98)]


def test_tags_without_prefix_are_plain():
    assert recognise_main_scheme(build_data(["NN", "VB", "O"])) == Scheme.PLAIN
    assert recognise_main_scheme(build_data(["B-PER", "PER", "LOC"])) == Scheme.PLAIN
    assert recognise_main_scheme(build_data(["O", "O"])) == Scheme.PLAIN


@pytest.mark.parametrize("scheme", ENTITY_SCHEMES)
def test_bare_tags_have_a_scheme(scheme):
    first, last, single = {"iob1": "III", "iob2": "BIB", "iobes": "BES", "bilou": "BLU"}[scheme]
    data = build_data(["O", first, "I", last, "O", single], ["O"])
    assert recognise_main_scheme(data) == scheme
    assert list(find_illegal_tags(data, scheme)) == []


def test_illegal_bare_tags():
    legal = ["B I O"] * 9
    assert find(["O I O", *legal], Scheme.IOB2) == [("illegal_transition", 2)]
    assert find([*legal, "B E O"], Scheme.IOB2) == [("mixed_schemes", 38)]
    problem = next(find_illegal_tags(build_data(["O", "I"], *map(str.split, legal)), Scheme.IOB2))
    assert "accepted in iob2: B where an entity begins" in problem.text


def test_letters_amid_many_others_are_plain_tags():
    assert recognise_main_scheme(build_data(["N", "V", "B", "O", "A", "I"])) == Scheme.PLAIN
