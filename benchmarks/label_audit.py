#!/usr/bin/env python
"""How many label errors an audit finds: some are planted into a file, and several rankings look for them.

python benchmarks/label_audit.py ENCODER FILE --results FOLDER [--share 0.05] [--seed 1] [--folds 5]
    [--num_train_epochs 5] [--label_column_name NAME] ...

A share of the entities gets another type, is dropped, or loses or gains a word at an end, a third each. All rankings
have the same out-of-fold probabilities; what each fold gave stays in the folder: started again, the benchmark goes on.
Prints Markdown: precision among the first k places and recall among the first 2k, where k errors were planted.
cleanlab (https://github.com/cleanlab/cleanlab) ranks words. All words of one candidate of `audit` are one place, which
helps it; "each word apart" is its ranking as it is.
"""

import argparse
import logging
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from token_classification.auditing.candidates import Candidate, find_candidates
from token_classification.auditing.fold_training import RECIPE, FoldSettings
from token_classification.auditing.out_of_fold import believe_out_of_fold
from token_classification.auditing.read_file import LabelledFile, read_labelled_file
from token_classification.checking.files import ColumnChoice
from token_classification.data.entities import Entity, find_entities
from token_classification.data.formats import read_sentences
from token_classification.data.scheme_conversion import spell_sentence
from token_classification.data.schemes import Scheme, recognise_scheme
from token_classification.inference.engine import Beliefs
from token_classification.scoring.metrics import score_tags

KINDS = ("type", "dropped", "boundary")
SHIFTS = ((-1, 0), (1, 0), (0, -1), (0, 1))
"""How the start and the end of an entity may move"""

Place = tuple[int, int, int]
"""A sentence, a first word, and the word behind the last one"""


class Planted(NamedTuple):
    """A label error: where the entity was or is, and what was done to it."""

    row: int
    start: int
    end: int
    kind: str


def plant_errors(
    gold: Sequence[Sequence[str]], scheme: Scheme, share: float, seed: int
) -> tuple[list[list[str]], list[Planted]]:
    """Change a share of the entities; return the tags of all sentences, and what was changed.

    Args:
        gold: The tags of all sentences.
        scheme: How they are spelt.
        share: Of all entities.
        seed: Chooses which ones, and how.
    """
    generator = random.Random(seed)
    entities = [find_entities(tags) for tags in gold]
    places = [(row, entity) for row, found in enumerate(entities) for entity in found]
    types = sorted({entity.type for _, entity in places})
    planted: list[Planted] = []
    for row, entity in generator.sample(places, len(places)):
        if len(planted) >= round(share * len(places)):
            break
        kind = KINDS[len(planted) % len(KINDS)]
        others = [other for other in entities[row] if other != entity]
        changed = change_entity(entity, kind, others, len(gold[row]), types, generator)
        if changed is None:
            continue
        sides = [entity, *changed]
        planted.append(Planted(row, min(side.start for side in sides), max(side.end for side in sides), kind))
        entities[row] = sorted(others + changed, key=lambda one: one.start)
    changed_rows = {error.row for error in planted}
    tags = [
        spell_sentence(entities[row], len(tags), scheme) if row in changed_rows else list(tags)
        for row, tags in enumerate(gold)
    ]
    return tags, planted


def change_entity(
    entity: Entity, kind: str, others: Sequence[Entity], words: int, types: Sequence[str], generator: random.Random
) -> list[Entity] | None:
    """Return what stands in the place of an entity; None if it can't be changed so."""
    if kind == "dropped":
        return []
    if kind == "type":
        return [entity._replace(type=generator.choice([name for name in types if name != entity.type]))]
    moved = [entity._replace(start=entity.start + first, end=entity.end + last) for first, last in SHIFTS]
    free = [
        one
        for one in moved
        if 0 <= one.start < one.end <= words
        and all(one.end <= other.start or other.end <= one.start for other in others)
    ]
    return [generator.choice(free)] if free else None


class Sides(NamedTuple):
    """Log probabilities of the words of a candidate: of their labels in the file, and of those suggested."""

    labelled: np.ndarray
    suggested: np.ndarray


MEASURES: dict[str, Callable[[Sides], float]] = {
    "margin of sums": lambda sides: float((sides.suggested - sides.labelled).sum()),
    "margin of means": lambda sides: float((sides.suggested - sides.labelled).mean()),
    "margin of the worst word": lambda sides: float((sides.suggested - sides.labelled).max()),
    "self-confidence, mean": lambda sides: -float(sides.labelled.mean()),
    "self-confidence, worst word": lambda sides: -float(sides.labelled.min()),
    "normalised margin, mean": lambda sides: float((np.exp(sides.suggested) - np.exp(sides.labelled)).mean()),
    "normalised margin, worst word": lambda sides: float((np.exp(sides.suggested) - np.exp(sides.labelled)).max()),
    "confidence of the suggestion": lambda sides: float(sides.suggested.mean()),
    "normalised margin of products": lambda sides: float(np.exp(sides.suggested.sum()) - np.exp(sides.labelled.sum())),
}
"""Name -> how surely the label of a candidate is wrong, without what `audit` knows of confusions"""


def rank_candidates(file: LabelledFile, beliefs: Beliefs, candidates: Sequence[Candidate]) -> dict[str, list[Place]]:
    """Return the ranking of each measure of entities."""
    numbers = {label: number for number, label in enumerate(file.labels)}
    sides = []
    for one in candidates:
        weights = beliefs.log_probabilities[one.row][one.start : one.end]
        tags = [side[one.row][one.start : one.end] for side in (file.sentences.gold, beliefs.tags)]
        words = np.arange(len(weights))
        sides.append(Sides(*(weights[words, [numbers[tag] for tag in side]] for side in tags)))
    places = [(one.row, one.start, one.end) for one in candidates]
    rankings = {"**audit**": places}
    for name, measure in MEASURES.items():
        order = sorted(range(len(places)), key=lambda number: -measure(sides[number]))
        rankings[name] = [places[number] for number in order]
    return rankings


def rank_with_cleanlab(
    file: LabelledFile, beliefs: Beliefs, candidates: Sequence[Candidate]
) -> dict[str, list[Place]]:
    """Return the rankings of cleanlab: of the words that it filters, and of all words by each of its scores."""
    from cleanlab.token_classification.filter import find_label_issues
    from cleanlab.token_classification.rank import get_label_quality_scores

    numbers = {label: number for number, label in enumerate(file.labels)}
    labels = [[numbers[tag] for tag in tags] for tags in file.sentences.gold]
    probabilities = [np.exp(weights) for weights in beliefs.log_probabilities]
    # By itself it forks this process, whose threads and signal handlers are of no use there.
    issues = find_label_issues(labels, probabilities, n_jobs=1)
    rankings = {"cleanlab, filter": list(join_words(issues, candidates))}
    for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
        scored = get_label_quality_scores(labels, probabilities, token_score_method=method)[1]
        words = sorted((score, row, word) for row, scores in enumerate(scored) for word, score in enumerate(scores))
        rankings[f"cleanlab, {method}"] = list(join_words([(row, word) for _, row, word in words], candidates))
        rankings[f"cleanlab, {method}, each word apart"] = [(row, word, word + 1) for _, row, word in words]
    return rankings


def join_words(words: Sequence[tuple[int, int]], candidates: Sequence[Candidate]) -> Iterator[Place]:
    """Yield the place of each word, once for all words of a candidate: a person looks at it once."""
    owners = {
        (one.row, word): (one.row, one.start, one.end) for one in candidates for word in range(one.start, one.end)
    }
    seen = set()
    for row, word in words:
        place = owners.get((row, word), (row, word, word + 1))
        if place not in seen:
            seen.add(place)
            yield place


def score_ranking(places: Sequence[Place], planted: Sequence[Planted]) -> tuple[float, float]:
    """Return precision among as many places as there are errors, and recall among twice as many."""
    count = len(planted)
    found = [
        {
            number
            for number, error in enumerate(planted)
            if error.row == row and error.start < end and start < error.end
        }
        for row, start, end in places[: 2 * count]
    ]
    precision = sum(map(bool, found[:count])) / count
    return precision, len(set().union(*found)) / count


def main(argv: list[str] | None = None) -> None:
    """Plant errors, train what is missing, and print the table."""
    options = parse_arguments(argv)
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("token_classification.auditing").setLevel(logging.INFO)
    folder = Path(options.results)
    folder.mkdir(parents=True, exist_ok=True)
    clean = read_sentences(options.file, options.text_column_name, options.label_column_name)
    right = clean.gold
    clean.tags, planted = plant_errors(right, recognise_scheme(right), options.share, options.seed)
    path = folder / "planted.conll"
    with path.open("w", encoding="utf-8") as output:
        for words, tags in zip(clean.tokens, clean.gold, strict=True):
            print(*(f"{word}\t{tag}" for word, tag in zip(words, tags, strict=True)), "", sep="\n", file=output)
    file = read_labelled_file(path, ColumnChoice())
    recipe = {**RECIPE, "num_train_epochs": options.num_train_epochs, "disable_tqdm": True}
    settings = FoldSettings(options.model, options.folds, recipe=recipe)
    beliefs = believe_out_of_fold(file, settings, folder, "")
    candidates = find_candidates(file, beliefs)
    rankings = rank_candidates(file, beliefs, candidates) | rank_with_cleanlab(file, beliefs, candidates)
    entities = sum(len(find_entities(tags)) for tags in file.sentences.gold)
    f1 = score_tags(right, beliefs.tags, file.scheme)["overall_f1"]
    print(f"{len(planted)} errors among {entities:,} entities; {len(candidates)} candidates.")
    print(f"F1 of the models, scored without the errors: {f1:.3f}.\n")
    print("| ranking | precision at k | recall at 2k |\n| --- | ---: | ---: |")
    for name, places in rankings.items():
        precision, recall = score_ranking(places, planted)
        print(f"| {name} | {precision:.3f} | {recall:.3f} |")


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("file")
    parser.add_argument("--results", required=True, metavar="FOLDER")
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--num_train_epochs", type=int, default=RECIPE["num_train_epochs"])
    parser.add_argument("--text_column_name")
    parser.add_argument("--label_column_name")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
