"""How the scores of a model change when people write otherwise: labelled sentences and perturbed copies of them."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from token_classification.arguments.perturbations import INVENTS_NAMES, USUAL_RATES
from token_classification.data.entities import find_entities
from token_classification.data.perturbations.variants import KEEP_WORDS, Variant, list_variants, perturb_sentences
from token_classification.data.schemes import Scheme, Tags
from token_classification.data.sentences import Sentences
from token_classification.extras import describe_missing
from token_classification.reporting.evaluation import LabelledSplit
from token_classification.reporting.evaluation_text import list_difference_cells
from token_classification.scoring.error_classes import EntityPair, pair_sentences
from token_classification.scoring.intervals import CONFIDENCE, SEED
from token_classification.scoring.significance import COMPARED_REPLICATES, Difference, compare_groups, count_both
from token_classification.text_tables import format_table

logger = logging.getLogger(__name__)

SHOWN_WORDS = 25
"""Sentences of more words are examples only where there are no others"""

TagSentences = Callable[[Sentences], Tags]
"""Sentences, with their documents if they are known -> what a model tags their words"""


@dataclass(frozen=True)
class PerturbedScores:
    """The scores on sentences after a perturbation, beside those on the sentences as they are."""

    name: str
    changed: int
    """Sentences that are not as they were"""
    micro: Difference
    types: dict[str, Difference]
    example: tuple[str, str] | None
    """A sentence before and after it"""


@dataclass(frozen=True)
class Robustness:
    """What each perturbation does to the scores."""

    rows: list[PerturbedScores]
    notes: list[str]
    """What was left out or left as it is, and why"""


def measure_robustness(split: LabelledSplit, tag: TagSentences, known: Collection[str]) -> Robustness:
    """Score a model on perturbed copies of a split.

    Args:
        split: The sentences, and what the model predicts for them as they are.
        tag: The model.
        known: The tags of the model.
    """
    names, notes = choose_perturbations(split)
    pairs = pair_sentences(split.sentences.gold, split.predicted, split.scheme)
    known = {*known, *(one for tags in split.sentences.gold for one in tags)}
    rows = []
    for name in names:
        for variant in list_variants(name, USUAL_RATES[name]):
            rows.append(_score_variant(split, pairs, variant, tag, known))
            _, after, difference, interval, _ = list_difference_cells(rows[-1].micro)
            logger.info("%s: F1 %s, %s (%s)", variant.name, after, difference, interval)
    return Robustness(rows, notes)


def choose_perturbations(split: LabelledSplit) -> tuple[list[str], list[str]]:
    """Return which perturbations can be done to a split, and notes on what is left out or left as it is."""
    if split.scheme == Scheme.PLAIN:
        others = [name for name in USUAL_RATES if name not in KEEP_WORDS]
        return [*KEEP_WORDS], [f"Left out: {', '.join(others)}. These can be done to entities only."]
    names = [name for name in USUAL_RATES if name != INVENTS_NAMES]
    if find_spec("faker") is None:
        return names, [f"Left out: {INVENTS_NAMES}. {describe_missing('faker')}"]
    from token_classification.data.perturbations.other_names import is_replaced

    types = sorted({entity.type for tags in split.sentences.gold for entity in find_entities(tags)})
    replaced = [kind for kind in types if is_replaced(kind)]
    left = [kind for kind in types if kind not in replaced]
    if not replaced:
        return names, [f"Left out: {INVENTS_NAMES}. No type is known to be one of persons, places or organizations."]
    notes = [f"Names that are replaced: {', '.join(replaced)}."]
    notes += [f"Names that stay, because there are no others for them: {', '.join(left)}."] if left else []
    return [*names, INVENTS_NAMES], notes


def _score_variant(
    split: LabelledSplit, pairs: list[list[EntityPair]], variant: Variant, tag: TagSentences, known: set[str]
) -> PerturbedScores:
    """Score a perturbed copy of the split. All of it is tagged: what stays as it is may be read with what does not."""
    perturbed = perturb_sentences(split.sentences, variant, split.scheme, known, SEED)
    changed = [row for row, words in enumerate(perturbed.tokens) if words != split.sentences.tokens[row]]
    after = pair_sentences(perturbed.gold, tag(perturbed), split.scheme)
    counts, counts_after = count_both(pairs, after)
    return PerturbedScores(
        name=variant.name,
        changed=len(changed),
        micro=compare_groups(counts.join_groups(), counts_after.join_groups())[0],
        types=dict(zip(counts.groups, compare_groups(counts, counts_after), strict=True)),
        example=_choose_example(split, perturbed, changed),
    )


def _choose_example(split: LabelledSplit, perturbed: Sentences, changed: Sequence[int]) -> tuple[str, str] | None:
    """Return a changed sentence before and after: the first short one with an entity, if there is one."""
    if not changed:
        return None

    def judge(row: int) -> tuple[bool, bool]:
        words, tags = split.sentences.tokens[row], split.sentences.gold[row]
        return len(words) > SHOWN_WORDS, split.scheme != Scheme.PLAIN and not find_entities(tags)

    chosen = min(changed, key=judge)
    return " ".join(split.sentences.tokens[chosen]), " ".join(perturbed.tokens[chosen])


def format_robustness(robustness: Robustness) -> str:
    """Format what perturbations do as tables: first to all entities, then to each type; F1 in percent."""
    numbers = ("original", "perturbed", "difference", f"{CONFIDENCE:.0%} interval")
    overall = [["F1 on perturbed sentences", *numbers, "sentences changed"]]
    by_type = [["F1 of each type", "type", *numbers, "gold"]]
    for row in robustness.rows:
        overall.append([row.name, *list_difference_cells(row.micro)[:-1], f"{row.changed:,}"])
        by_type += [[row.name, kind, *list_difference_cells(difference)] for kind, difference in row.types.items()]
    explained = (
        f"Intervals of differences: paired bootstrap, {COMPARED_REPLICATES:,} resamplings of the sentences. "
        "Each sentence is perturbed once, always alike."
    )
    return "\n\n".join(
        [format_table(overall), format_table(by_type, left=(0, 1)), "\n".join([*robustness.notes, explained])]
    )


def build_robustness_record(robustness: Robustness) -> dict[str, Any]:
    """Build the same for JSON, scores as fractions."""
    return {
        "seed": SEED,
        "intervals": {"method": "paired bootstrap", "confidence": CONFIDENCE, "replicates": COMPARED_REPLICATES},
        "notes": robustness.notes,
        "perturbations": [
            {
                "name": row.name,
                "sentences_changed": row.changed,
                "micro_f1": _describe(row.micro),
                "types": {kind: _describe(difference) for kind, difference in row.types.items()},
                "example": row.example and {"before": row.example[0], "after": row.example[1]},
            }
            for row in robustness.rows
        ],
    }


def _describe(row: Difference) -> dict[str, float | int]:
    return {
        "original": row.a,
        "perturbed": row.b,
        "difference": row.value,
        "low": row.low,
        "high": row.high,
        "gold": row.gold,
    }
