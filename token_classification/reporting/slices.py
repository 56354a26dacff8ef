"""Where a model is weak: the scores of entities that have something in common."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from token_classification.data.entities import Entity
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.scoring.error_classes import EntityPair, find_scored_entities

Mentions = Mapping[str, Counter[str]]
"""Text of an entity -> how often it has each type"""

ENTITY_LENGTHS = {"1 word": 1, "2 words": 2, "3 words": 3, "4 or more": 4}
SENTENCE_LENGTHS = {"1 to 10 words": 1, "11 to 20": 11, "21 to 40": 21, "41 or more": 41}
FREQUENCIES = {"none": 0, "1 to 99": 1, "100 to 999": 100, "1,000 or more": 1000}
"""Name of each range -> where it begins; it ends where the next one begins"""


@dataclass(frozen=True)
class SliceRule:
    """One way of dividing the entities of a split into groups."""

    name: str
    groups: tuple[str, ...]
    find_group: Callable[[int, Entity], str]
    """Index of a sentence, and one of its entities -> the group; equal entities have the same"""


def count_mentions(sentences: Sentences, scheme: Scheme) -> Mentions:
    """Count how often each text is an entity (with plain tags: a tagged word) of each type."""
    mentions: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for words, tags in zip(sentences.tokens, sentences.gold, strict=True):
        for entity in find_scored_entities(tags, scheme):
            mentions[join_words(words, entity)][entity.type] += 1
    return mentions


def list_slice_rules(sentences: Sentences, scheme: Scheme, gold: Mentions, train: Mentions | None) -> list[SliceRule]:
    """List the rules that apply; those about the training data need some.

    Args:
        sentences: The split that is scored.
        scheme: With plain tags each word counts by itself, so there are no lengths to compare.
        gold: The mentions of that split.
        train: Those of the training data, None without any.
    """
    tokens = sentences.tokens
    known, place = (gold, "this split") if train is None else (train, "the training data")
    frequencies: Counter[str] = Counter()
    for counts in known.values():
        frequencies.update(counts)

    def find_novelty(number: int, entity: Entity) -> str:
        types = known.get(join_words(tokens[number], entity))
        if not types:
            return "not in the training data"
        return "seen with this type" if entity.type in types else "seen with another type only"

    def find_ambiguity(number: int, entity: Entity) -> str:
        text = join_words(tokens[number], entity)
        types = set(gold.get(text, ())) | set(known.get(text, ()))
        return "several types" if len(types) > 1 else "one type at most"

    rules = [
        SliceRule(
            "sentence length",
            tuple(SENTENCE_LENGTHS),
            lambda number, _: _find_range(len(tokens[number]), SENTENCE_LENGTHS),
        ),
        SliceRule("types of the same text in gold", ("one type at most", "several types"), find_ambiguity),
        SliceRule(
            f"entities of the type in {place}",
            tuple(FREQUENCIES),
            lambda _, entity: _find_range(frequencies[entity.type], FREQUENCIES),
        ),
    ]
    if train is not None:
        groups = ("seen with this type", "seen with another type only", "not in the training data")
        rules.insert(0, SliceRule("entity text", groups, find_novelty))
    if scheme != Scheme.PLAIN:
        lengths = SliceRule(
            "entity length",
            tuple(ENTITY_LENGTHS),
            lambda _, entity: _find_range(entity.end - entity.start, ENTITY_LENGTHS),
        )
        rules.insert(0, lengths)
    return rules


def join_words(words: Sequence[str], entity: Entity) -> str:
    """Return the text of an entity."""
    return " ".join(words[entity.start : entity.end])


def join_sides(words: Sequence[str], pair: EntityPair) -> str:
    """Return the text of a pair: `gold → predicted` where the two differ."""
    return " → ".join(dict.fromkeys(join_words(words, side) for side in pair.sides))


def _find_range(number: int, ranges: Mapping[str, int]) -> str:
    return next(name for name, start in reversed([*ranges.items()]) if number >= start)
