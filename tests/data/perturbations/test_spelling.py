"""Case and typing errors, word by word."""

import random

from token_classification.data.perturbations.spelling import NEIGHBOURS, lower, mistype, title, upper

WORDS = ["Anna", "Straße", "NASA", "iPhone", "2nd", "İ"]
CHANCE = random.Random(0)


def test_case():
    assert lower(WORDS, (), CHANCE)[0][:4] == ["anna", "straße", "nasa", "iphone"]
    assert upper(WORDS, (), CHANCE)[0] == ["ANNA", "STRASSE", "NASA", "IPHONE", "2ND", "İ"]
    assert title(WORDS, (), CHANCE)[0] == ["Anna", "Straße", "NASA", "IPhone", "2nd", "İ"]


def test_neighbours_are_mutual_and_near():
    assert set(NEIGHBOURS["g"]) == set("ftyhvb")
    assert set(NEIGHBOURS["q"]) == set("wa")
    assert all(key in NEIGHBOURS[other] for key, others in NEIGHBOURS.items() for other in others)


def distance_of_one(word: str, typed: str) -> bool:
    """Whether a typing error makes one of the other."""
    if len(typed) == len(word) - 1:
        return typed in {word[:place] + word[place + 1 :] for place in range(len(word))}
    differing = [place for place in range(len(word)) if word[place] != typed[place]]
    if len(differing) == 1:
        [place] = differing
        return typed[place].lower() in NEIGHBOURS[word[place].lower()]
    first, second = differing
    return second == first + 1 and typed[first].lower() == word[second].lower()


def test_a_typing_error_is_one_key_two_letters_or_a_letter_less():
    typed = {mistype(["Berlin"], (), random.Random(seed), 1.0)[0][0] for seed in range(500)}
    assert all(len(word) == 5 or distance_of_one("Berlin", word) for word in typed)
    assert {"Brelin", "Eblrin"} & typed == {"Brelin"}
    assert "Ebrlin" in typed, "a capital stays where it is"
    assert "erlin" in typed
    assert {"Verlin", "Nerlin"} <= typed
    assert "Berlin" not in typed


def test_the_rate_is_the_share_of_words():
    words = ["something"] * 20_000
    changed = mistype(words, (), random.Random(1), 0.1)[0]
    assert 0.09 < sum(map(str.__ne__, words, changed)) / len(words) < 0.11


def test_short_words_and_those_of_other_scripts():
    assert mistype(["is", "a", "U.", "42", "😀😀😀"], (), CHANCE, 1.0)[0] == ["is", "a", "U.", "42", "😀😀😀"]
    typed = {mistype(["Москва"], (), random.Random(seed), 1.0)[0][0] for seed in range(100)}
    assert "Москва" not in typed
    assert {len(word) for word in typed} == {5, 6}
