"""Marks, numbers, hashes and pseudonyms: the same name has the same one, and two names don't share one."""

import re

import pytest

from token_classification.data.names.inventor import Inventor
from token_classification.errors import UserError
from token_classification.redaction.redacted_text import NamedSpan, normalise_name, replace_spans
from token_classification.redaction.substitutes import ATTEMPTS, Naming, build_naming, open_inventor

TEXT = "Anna Smith met ANNA\n  SMITH and John Miller in Paris . Anna Smith left Paris ."
NAMES = {"Anna Smith": "PER", "ANNA\n  SMITH": "PER", "John Miller": "PER", "Paris": "LOC"}
SPANS = sorted(
    NamedSpan(found.start(), found.end(), label)
    for name, label in NAMES.items()
    for found in re.finditer(re.escape(name), TEXT)
)


@pytest.fixture(scope="module")
def inventor() -> Inventor:
    return Inventor("en_US")


def substitute(naming: Naming, text: str = TEXT, spans=SPANS, document: int = 1) -> list[str]:
    return naming.substitute(text, spans, document)


def test_a_mark_is_the_label():
    assert substitute(Naming("mask")) == ["[PER]", "[PER]", "[PER]", "[LOC]", "[PER]", "[LOC]"]


def test_the_same_name_has_the_same_number():
    assert substitute(Naming("number")) == ["[PER_1]", "[PER_1]", "[PER_2]", "[LOC_1]", "[PER_1]", "[LOC_1]"]


def test_a_number_that_the_text_has_is_passed_over():
    text = "[PER_1] Anna [PER_3] Zoë"
    spans = [NamedSpan(8, 12, "PER"), NamedSpan(21, 24, "PER")]
    assert substitute(Naming("number"), text, spans) == ["[PER_2]", "[PER_4]"]


def test_a_hash_depends_on_name_label_and_key_only():
    first = substitute(Naming("hash", b"key"))
    assert first[0] == first[1] == first[4] != first[2]
    assert all(re.fullmatch(r"\[(PER|LOC)_[0-9a-f]{16}\]", mark) for mark in first)
    assert substitute(Naming("hash", b"key"), document=2) == first
    assert not set(substitute(Naming("hash", b"other"))) & set(first)
    as_place = Naming("hash", b"key").substitute("Anna", [NamedSpan(0, 4, "LOC")], 1)
    assert as_place[0][5:] != Naming("hash", b"key").substitute("Anna", [NamedSpan(0, 4, "PER")], 1)[0][5:]


def test_the_same_name_has_the_same_pseudonym_within_a_document(inventor):
    naming = Naming("pseudonym", b"key", "document", inventor)
    first = substitute(naming)
    assert [normalise_name(first[place]) for place in (1, 4)] == [normalise_name(first[0])] * 2
    assert first[3] == first[5]
    assert len({first[0], first[2], first[3]}) == 3
    assert substitute(naming) == first
    assert substitute(naming, document=2)[0] != first[0]
    assert substitute(Naming("pseudonym", b"other", "document", inventor))[0] != first[0]


def test_over_a_run_a_pseudonym_depends_on_the_name_alone(inventor):
    naming = Naming("pseudonym", b"key", "run", inventor)
    alone = naming.substitute("Anna Smith", [NamedSpan(0, 10, "PER")], 7)
    assert alone[0] == substitute(naming)[0]


def test_no_two_names_of_a_document_share_a_pseudonym(inventor):
    """Even if there are more names than pseudonyms: of one letter, there are 26."""
    names = [chr(0x4E00 + place) for place in range(200)]
    text = " ".join(names)
    spans = [NamedSpan(2 * place, 2 * place + 1, "MISC") for place in range(len(names))]
    invented = Naming("pseudonym", b"key", "document", inventor).substitute(text, spans, 1)
    assert len(set(invented)) == 200
    assert any(re.search(r"\d", name) and int(re.search(r"\d+", name)[0]) >= ATTEMPTS for name in invented)


def test_no_pseudonym_is_a_name_of_the_text(inventor):
    naming = Naming("pseudonym", b"key", "document", inventor)
    [first] = naming.substitute("Anna", [NamedSpan(0, 4, "PER")], 1)
    text = f"Anna {first}"
    assert naming.substitute(text, [NamedSpan(0, 4, "PER")], 1) != [first]


@pytest.mark.parametrize("scope", ["document", "run"])
def test_no_pseudonym_has_a_word_of_its_name(inventor, scope):
    name = "James von Smith"
    invented = {
        Naming("pseudonym", bytes([seed]), scope, inventor).substitute(name, [NamedSpan(0, len(name), "PER")], 1)[0]
        for seed in range(200)
    }
    assert not [found for found in invented if {"James", "Smith"} & set(found.split())]
    # Faker alone draws one of both within as many names.
    drawn = {inventor.invent("PER", name, seed) for seed in range(2000)}
    assert [found for found in drawn if {"James", "Smith"} & set(found.split())]


def test_a_name_without_letters_gets_another_one(inventor):
    for scope in ("document", "run"):
        [found] = Naming("pseudonym", b"key", scope, inventor).substitute("- !!", [NamedSpan(0, 4, "PER")], 1)
        assert found != "- !!"


def test_pseudonyms_look_like_the_names(inventor):
    def invent(label: str, surface: str) -> set[str]:
        return {inventor.invent(label, surface, seed) for seed in range(30)}

    male = {name.split()[0].casefold() for name in invent("PER", "John Miller")}
    assert male <= inventor._male
    assert {name.split()[0].casefold() for name in invent("person", "Mary Miller")} <= inventor._female
    assert all(len(name.split()) == 3 and name.split()[1][1] == "." for name in invent("PER", "Mary B. Miller"))
    assert all(name.isupper() for name in invent("PER", "ANNA SMITH"))
    assert all(name.islower() for name in invent("LOC", "paris"))
    assert all(" von " in name for name in invent("PER", "Anna von Smith"))
    assert {name.casefold() for name in invent("GPE", "France")} <= inventor._countries
    assert all(re.fullmatch(r"[A-Z]{2}-\d{3} [a-z]{2}", name) for name in invent("PRODUCT", "AB-123 xy"))
    assert all(len(name.split()) == 1 for name in invent("LOC", "Paris"))


def test_an_unknown_locale_is_named():
    with pytest.raises(UserError, match=r"--locale de_De: no names for it; .*de_DE"):
        open_inventor("de_De")


def test_a_key_is_needed_only_for_what_it_changes(cheap_scrypt):
    assert build_naming("number", None, "document", "nowhere") == Naming("number")
    hashes = build_naming("hash", "a key", "document", "nowhere")
    assert (hashes.scope, len(hashes.secret)) == ("run", 32)
    assert replace_spans("Anna", [NamedSpan(0, 4, "PER")], hashes.substitute("Anna", [NamedSpan(0, 4, "PER")], 1))
