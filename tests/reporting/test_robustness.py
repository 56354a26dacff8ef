"""What perturbations do to scores: numbers that can be worked out, from taggers that can be read."""

import logging
from dataclasses import replace

import pytest
from tagged_splits import make_sentences

from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.reporting import robustness as module
from token_classification.reporting.evaluation import LabelledSplit
from token_classification.reporting.robustness import (
    Robustness,
    build_robustness_record,
    choose_perturbations,
    format_robustness,
    measure_robustness,
)

pytest.importorskip("faker", reason='needs the extra "redact"')

SENTENCES = make_sentences(10)
KNOWN = {"O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"}
ROWS = [
    *("lower case", "upper case", "title case", "typos (10 %)", "punctuation dropped", "punctuation added"),
    *("words joined (10 %)", "words split (10 %)"),
    *(f"names: {region}" for region in ("Chile", "Indonesia", "India", "Poland", "South Africa")),
]
GOLD = {tuple(words): tags for words, tags in zip(SENTENCES.tokens, SENTENCES.gold, strict=True)}


def look_up(sentences: Sentences) -> list[list[str]]:
    """Tag a sentence of the split rightly and any other one with nothing."""
    return [GOLD.get(tuple(words), ["O"] * len(words)) for words in sentences.tokens]


def make_split(tag=look_up) -> LabelledSplit:
    return LabelledSplit("test", "a.conll", SENTENCES, tag(SENTENCES), Scheme.IOB2)


@pytest.fixture(scope="module")
def measured() -> Robustness:
    """A tagger that knows the sentences by heart, on perturbed ones."""
    return measure_robustness(make_split(), look_up, KNOWN)


def test_a_tagger_that_knows_sentences_by_heart_finds_nothing_in_the_changed_ones(measured):
    assert [row.name for row in measured.rows] == ROWS
    gold = sum(tag[0] == "B" for tags in SENTENCES.gold for tag in tags)
    for row in measured.rows:
        assert (row.micro.a, row.micro.gold) == (1.0, gold)
        assert row.micro.low <= row.micro.value <= row.micro.high <= 0
        assert {kind: difference.gold for kind, difference in row.types.items()} == {"PER": 40, "LOC": 70, "ORG": 40}
        assert 0 < row.changed <= len(SENTENCES)
        before, after = row.example
        assert before != after
    upper = measured.rows[1]
    assert (upper.changed, upper.micro.b, upper.micro.low, upper.micro.high) == (80, 0.0, -1.0, -1.0)
    assert upper.example[1] == upper.example[0].upper()


def test_a_tagger_to_which_case_means_nothing_bears_it():
    def tag(sentences: Sentences) -> list[list[str]]:
        lowered = {tuple(map(str.lower, words)): tags for words, tags in GOLD.items()}
        return [lowered.get(tuple(map(str.lower, words)), ["O"] * len(words)) for words in sentences.tokens]

    rows = {row.name: row for row in measure_robustness(make_split(tag), tag, KNOWN).rows}
    for name in ("lower case", "upper case", "title case"):
        assert (rows[name].micro.value, rows[name].micro.low, rows[name].micro.high) == (0.0, 0.0, 0.0)
    assert rows["typos (10 %)"].micro.value < 0


def test_sentences_are_tagged_with_their_documents():
    asked = []

    def tag(sentences: Sentences) -> list[list[str]]:
        asked.append(sentences.doc_ids)
        return [["O"] * len(words) for words in sentences.tokens]

    documents = [str(row // 8) for row in range(len(SENTENCES))]
    split = replace(make_split(), sentences=replace(SENTENCES, doc_ids=documents))
    measure_robustness(split, tag, KNOWN)
    assert asked == [documents] * len(ROWS)


def test_the_same_every_time(measured):
    assert measure_robustness(make_split(), look_up, KNOWN) == measured


def test_tables_and_record_say_the_same(measured, caplog):
    with caplog.at_level(logging.INFO, "token_classification"):
        text, record = format_robustness(measured), build_robustness_record(measured)
    lines = text.split("\n")
    [upper] = [line for line in lines if line.startswith("upper case") and line.split()[2] == "100.00"]
    assert upper.split()[2:] == ["100.00", "0.00", "-100.00", "-100.00", "..", "-100.00", "80"]
    [person] = [line.split() for line in lines if line.split()[:3] == ["upper", "case", "PER"]]
    assert person[3:] == ["100.00", "0.00", "-100.00", "-100.00", "..", "-100.00", "40"]
    assert text.count("\n\n") == 2
    assert [row["name"] for row in record["perturbations"]] == ROWS
    row = record["perturbations"][1]
    assert row["micro_f1"] == {
        "original": 1.0,
        "perturbed": 0.0,
        "difference": -1.0,
        "low": -1.0,
        "high": -1.0,
        "gold": measured.rows[1].micro.gold,
    }
    assert row["sentences_changed"] == 80
    assert set(row["types"]) == {"PER", "LOC", "ORG"}
    assert row["example"]["after"].isupper()
    assert record["notes"] == ["Names that are replaced: LOC, ORG, PER."]
    assert record["notes"][0] in lines


def test_what_is_left_out_is_said(monkeypatch):
    plain = Sentences([["he", "went"]], [["PRON", "VERB"]], [1])
    split = LabelledSplit("test", "a", plain, plain.gold, Scheme.PLAIN)
    names, [note] = choose_perturbations(split)
    assert names == ["case", "typos"]
    assert "punctuation, spacing, names" in note
    assert [
        row.name
        for row in measure_robustness(split, lambda sentences: [["PRON", "VERB"]] * len(sentences), {"PRON"}).rows
    ] == ROWS[:4]

    others = Sentences([["Windows"]], [["B-product"]], [1])
    names, [note] = choose_perturbations(LabelledSplit("test", "a", others, others.gold, Scheme.IOB2))
    assert "names" not in names
    assert "No type" in note
    both = Sentences([["Windows", "Paris"]], [["B-product", "B-GPE"]], [1])
    names, notes = choose_perturbations(LabelledSplit("test", "a", both, both.gold, Scheme.IOB2))
    assert "names" in names
    assert notes[1].endswith("product.")

    monkeypatch.setattr(module, "find_spec", lambda name: None)
    names, [note] = choose_perturbations(make_split())
    assert names == ["case", "typos", "punctuation", "spacing"]
    assert "pip install" in note
