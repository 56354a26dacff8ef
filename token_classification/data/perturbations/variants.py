"""The table of perturbations: what each of them can do to a sentence, and the one way in which it is done."""

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from token_classification.data.entities import Entity
from token_classification.data.perturbations.layout import add_punctuation, drop_punctuation, join_words, split_words
from token_classification.data.perturbations.spelling import lower, mistype, title, upper
from token_classification.data.scheme_conversion import list_spelt_entities, spell_sentence
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences

Perturb = Callable[[Sequence[str], Sequence[Entity], random.Random], tuple[list[str], Sequence[Entity]]]
"""The words of a sentence, its entities and a source of chance -> other words, with as many entities of these types"""

KEEP_WORDS = ("case", "typos")
"""Perturbations after which each word is still there, so that tags of any kind stay with it"""


@dataclass(frozen=True)
class Variant:
    """One of the things that a perturbation does to sentences."""

    perturbation: str
    """Its name in `USUAL_RATES`"""
    name: str
    """For people"""
    perturb: Perturb


def list_variants(perturbation: str, rate: float) -> list[Variant]:
    """Return what a perturbation does: each of it is a row of a report, and training draws one of it.

    Args:
        perturbation: A name in `USUAL_RATES`.
        rate: Its rate; 0 where it has none.
    """
    share = f" ({100 * rate:g} %)"
    variants: dict[str, Perturb] = {}
    if perturbation == "case":
        variants = {"lower case": lower, "upper case": upper, "title case": title}
    elif perturbation == "typos":
        variants = {f"typos{share}": partial(mistype, rate=rate)}
    elif perturbation == "punctuation":
        variants = {"punctuation dropped": drop_punctuation, "punctuation added": add_punctuation}
    elif perturbation == "spacing":
        joined, split = partial(join_words, rate=rate), partial(split_words, rate=rate)
        variants = {f"words joined{share}": joined, f"words split{share}": split}
    elif perturbation == "names":
        # Faker is an extra.
        from token_classification.data.perturbations.other_names import REGIONS, replace_names

        variants = {f"names: {region}": partial(replace_names, locale=locale) for locale, region in REGIONS.items()}
    return [Variant(perturbation, name, perturb) for name, perturb in variants.items()]


def perturb_sentence(
    words: Sequence[str],
    tags: Sequence[str],
    variant: Variant,
    scheme: Scheme,
    known: Collection[str],
    chance: random.Random,
) -> tuple[list[str], list[str]]:
    """Perturb a sentence; the tags mark the same entities in the other words.

    Args:
        words: The sentence.
        tags: One for each word. In plain tags there are no entities, and only `KEEP_WORDS` can be done.
        variant: What is done.
        scheme: That of the tags.
        known: Tags that may occur. A sentence that would need others (`I-PER` where all persons have one word) stays.
        chance: Decides what happens.

    Returns:
        Its words and tags, which may be those that came.
    """
    if variant.perturbation in KEEP_WORDS:
        return variant.perturb(words, (), chance)[0], list(tags)
    changed, entities = variant.perturb(words, list_spelt_entities(tags), chance)
    spelt = spell_sentence(entities, len(changed), scheme)
    if not set(spelt) <= {*known, *tags}:
        return list(words), list(tags)
    return changed, spelt


def perturb_sentences(
    sentences: Sentences, variant: Variant, scheme: Scheme, known: Collection[str], seed: int
) -> Sentences:
    """Perturb each sentence; what happens to one depends on its place, the seed and the variant only."""
    perturbed = [
        perturb_sentence(words, tags, variant, scheme, known, random.Random(f"{seed} {variant.name} {row}"))
        for row, (words, tags) in enumerate(zip(sentences.tokens, sentences.gold, strict=True))
    ]
    return replace(
        sentences,
        tokens=[words for words, _ in perturbed],
        tags=[tags for _, tags in perturbed],
        has_line_per_word=False,
        skipped_lines=[],
    )
