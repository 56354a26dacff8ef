"""Whatever is done to a sentence: no entity is lost, none is made, tags stay legal, and no word is empty."""

import random
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from token_classification.arguments.perturbations import USUAL_RATES
from token_classification.data.entities import Entity, find_entities
from token_classification.data.perturbations.variants import (
    KEEP_WORDS,
    Variant,
    list_variants,
    perturb_sentence,
    perturb_sentences,
)
from token_classification.data.scheme_conversion import spell_sentence
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.data.transitions import may_end, may_follow

pytest.importorskip("faker", reason='needs the extra "redact"')

TYPES = ("PER", "LOC", "ORG", "MISC", "")
SCHEMES = [scheme for scheme in Scheme if scheme != Scheme.PLAIN]
VARIANTS = {
    variant.name: variant
    for name, rate in USUAL_RATES.items()
    for variant in [*list_variants(name, rate), *(list_variants(name, 0.9) if rate else [])]
}
ALL_TAGS = {
    "O",
    *(f"{prefix}-{kind}" if kind else prefix for prefix in "BIESLU" for kind in TYPES),
}

LETTERS = st.sampled_from([*"abcXYZßİéπЖ東9.,-'’@#😀", "e\u0301", "\u200d", "ﬁ"])
WORDS = st.lists(LETTERS, min_size=1, max_size=9).map("".join)


@st.composite
def labelled_sentences(draw):
    """Words, and entities of one to three words among them."""
    words = draw(st.lists(WORDS, min_size=1, max_size=12))
    kinds = ("",) if draw(st.booleans()) else TYPES[:-1]
    entities, place = [], 0
    while place < len(words):
        length = draw(st.integers(0, 3))
        if length and place + length <= len(words):
            entities.append(Entity(draw(st.sampled_from(kinds)), place, place + length))
        place += max(length, 1)
    return words, entities


def check_legal(tags: list[str], scheme: Scheme) -> None:
    """Each tag may follow the one before it."""
    assert all(may_follow(before, tag, scheme) for before, tag in zip(["O", *tags], tags, strict=False))
    assert not tags or may_end(tags[-1], scheme)


@pytest.mark.parametrize("name", VARIANTS)
@settings(max_examples=60, deadline=None)
@given(sentence=labelled_sentences(), scheme=st.sampled_from(SCHEMES), seed=st.integers(0, 99))
def test_entities_keep_their_number_order_and_types(name: str, sentence, scheme: Scheme, seed: int) -> None:
    words, entities = sentence
    variant, tags = VARIANTS[name], spell_sentence(entities, len(words), scheme)
    given_words, given_tags = list(words), list(tags)
    changed, spelt = perturb_sentence(words, tags, variant, scheme, ALL_TAGS, random.Random(seed))
    assert (words, tags) == (given_words, given_tags)
    assert len(changed) == len(spelt) > 0
    assert all(changed)
    assert not any(word.isspace() for word in changed)
    check_legal(spelt, scheme)
    assert [entity.type for entity in find_entities(spelt)] == [entity.type for entity in find_entities(tags)]
    if variant.perturbation in KEEP_WORDS:
        assert spelt == tags
    assert (changed, spelt) == perturb_sentence(words, tags, variant, scheme, ALL_TAGS, random.Random(seed))
    check_words(variant, (words, tags), (changed, spelt))


def check_words(variant: Variant, before, after) -> None:
    """Only what the name of the perturbation says changes."""
    words, changed = before[0], after[0]
    if variant.perturbation == "spacing":
        assert "".join(changed) == "".join(words)
        assert len(changed) <= len(words) if "joined" in variant.name else len(changed) >= len(words)
    if variant.perturbation in ("punctuation", "names"):
        entities = [
            [row[entity.start : entity.end] for entity in find_entities(row_tags)] for row, row_tags in (before, after)
        ]
        outside = [
            [word for word, tag in zip(row, row_tags, strict=True) if tag == "O"] for row, row_tags in (before, after)
        ]
        if variant.perturbation == "punctuation":
            assert entities[0] == entities[1]
        else:
            assert outside[0] == outside[1]
    if variant.perturbation in ("case", "typos"):
        assert len(changed) == len(words)


def test_a_sentence_that_would_need_an_unknown_tag_stays() -> None:
    [*_, split] = list_variants("spacing", 1.0)
    words, tags = ["Anna", "left", "Berlin"], ["B-PER", "O", "B-LOC"]
    assert perturb_sentence(words, tags, split, Scheme.IOB2, {"I-PER"}, random.Random(0)) == (words, tags)
    known = {"I-PER", "I-LOC"}
    changed, spelt = perturb_sentence(words, tags, split, Scheme.IOB2, known, random.Random(0))
    assert spelt == ["B-PER", "I-PER", "O", "O", "B-LOC", "I-LOC"]
    assert "".join(changed) == "AnnaleftBerlin"


def test_neighbours_of_a_type_stay_two_entities_when_the_comma_between_them_goes() -> None:
    dropped = list_variants("punctuation", 0.0)[0]
    words = ["Anna", ",", "Maria"]
    for scheme, tags, expected in (
        (Scheme.IOB1, ["I-PER", "O", "I-PER"], ["I-PER", "B-PER"]),
        (Scheme.IOB2, ["B-PER", "O", "B-PER"], ["B-PER", "B-PER"]),
        (Scheme.IOBES, ["S-PER", "O", "S-PER"], ["S-PER", "S-PER"]),
    ):
        found = perturb_sentence(words, tags, dropped, scheme, ALL_TAGS, random.Random(0))
        assert found == (["Anna", "Maria"], expected)


def test_plain_tags_stay_with_their_words() -> None:
    upper = list_variants("case", 0.0)[1]
    assert perturb_sentence(["he", "went"], ["PRON", "VERB"], upper, Scheme.PLAIN, set(), random.Random(0)) == (
        ["HE", "WENT"],
        ["PRON", "VERB"],
    )


def test_what_happens_to_a_sentence_depends_on_its_place_and_the_seed_only() -> None:
    [typos] = list_variants("typos", 0.5)
    words = ["nothing", "remains", "exactly", "where", "somebody", "wrote", "something"]
    sentences = Sentences([words] * 4, [["O"] * len(words)] * 4, [1, 8, 15, 22], has_line_per_word=True)
    first = perturb_sentences(sentences, typos, Scheme.IOB2, ALL_TAGS, 1)
    assert first == perturb_sentences(sentences, typos, Scheme.IOB2, ALL_TAGS, 1)
    assert first.tokens != perturb_sentences(sentences, typos, Scheme.IOB2, ALL_TAGS, 2).tokens
    assert len(set(map(tuple, first.tokens))) == 4
    assert sentences.tokens == [words] * 4
    assert first.find_line(1, 3) == 8
    assert set(chain.from_iterable(first.tokens)) - set(words)
