"""Which words and tags a repair puts in the place of others."""

from pathlib import Path

import pytest

from token_classification.checking.files import Reading, number_files
from token_classification.checking.repair_plan import RepairPlan, plan_repairs
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences

SOUND = [("Bob met Ann Lee", "B-PER O B-PER I-PER")] * 8


def plan(words: str, tags: str, target: Scheme = Scheme.IOB2) -> RepairPlan:
    """Plan the repairs of a sentence behind sound ones."""
    rows = [*SOUND, (words, tags)]
    sentences = Sentences([w.split(" ") for w, _ in rows], [t.split() for _, t in rows], list(range(1, len(rows) + 1)))
    data = number_files([Reading(Path("a.jsonl"), "train", sentences, [])])
    return plan_repairs(data, Scheme.IOB2, target)[0]


@pytest.mark.parametrize(
    ("words", "tags", "new_words", "new_tags", "counts"),
    [
        ("so Ann", "O B-PER", None, None, {}),
        ("so Ann", "O I-PER", None, "O B-PER", {"tag sequence": 1}),
        ("so Ann", "O b-per", None, "O B-PER", {"near-miss label": 1}),
        ("so\u200b Ann", "O B-PER", "so Ann", None, {"odd word": 1}),
        ("so B-PER", "O Ann", "so Ann", "O B-PER", {"swapped row": 1}),
        ("so Ann", "O Anna", None, None, {}),
    ],
)
def test_one_sentence(words, tags, new_words, new_tags, counts):
    found = plan(words, tags)
    row = len(SOUND)
    assert found.words.get(row) == (new_words and new_words.split(" "))
    assert found.tags.get(row) == (new_tags and new_tags.split())
    assert found.counts == counts


def test_another_scheme_converts_all_sentences():
    found = plan("so Ann", "O B-PER", target=Scheme.IOBES)
    assert found.tags[0] == ["S-PER", "O", "B-PER", "E-PER"]
    assert len(found.tags) == len(SOUND) + 1
