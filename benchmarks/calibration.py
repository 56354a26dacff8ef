#!/usr/bin/env python
"""Calibration and operating points on data that they were not fitted on.

python benchmarks/calibration.py MODEL DEV_FILE TEST_FILE [--seeds 0 1 2 3 4] [--precision 0.8]
  [--recall 0.9 1.1 1.2] [--label_column_name NAME] [--task_name ner]

Fits on DEV_FILE and measures on TEST_FILE. Since the two may differ in more than chance (drift), everything is also
done on random halves of both files together, one division for each seed. `--recall` are multiples of what the tags
find there; above 1 entities are proposed below the winning tags. Nothing is written; prints Markdown.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from token_classification.data.formats import read_sentences
from token_classification.data.sentences import select_sentences
from token_classification.errors import UserError
from token_classification.inference.engine import open_engine
from token_classification.inference.outcomes import SplitOutcomes, collect_outcomes
from token_classification.inference.proposals import propose_for_split
from token_classification.reporting.calibration import CalibrationRequest, calibrate_split
from token_classification.reporting.promises import Promise
from token_classification.scoring.calibration import BINS, measure_reliability

REQUEST = CalibrationRequest("", "", "", {"source": "data"})


def main(argv: list[str] | None = None) -> None:
    """Measure one model on two files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("dev_file")
    parser.add_argument("test_file")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--precision", type=float, default=0.8)
    parser.add_argument("--recall", type=float, nargs="+", default=[0.9, 1.1, 1.2])
    parser.add_argument("--label_column_name")
    parser.add_argument("--task_name", default="ner")
    options = parser.parse_args(argv)
    columns = (None, options.label_column_name, options.task_name)
    tag = Tagged(options.model, [options.dev_file, options.test_file], columns)
    print(
        "| fitted on | map | entities | right there | here | ECE raw | calibrated | perfect | Brier raw | calibrated |"
    )
    print("| --- | --- | ---: | ---: | ---: | --- | --- | ---: | ---: | ---: |")
    divisions = {"dev file": tag.sides} | {f"half, seed {seed}": tag.divide(seed) for seed in options.seeds}
    for name, (fitted, measured) in divisions.items():
        print(compare_errors(name, fitted, measured))
    print("\n| fitted on | recall, precision of the tags here | with all that can be proposed |")
    print("| --- | --- | --- |")
    for name, (_, measured) in divisions.items():
        print(show_reach(name, measured))
    print("\n| fitted on | promise | bound there | threshold | proposed from | precision, recall here | kept |")
    print("| --- | --- | ---: | ---: | ---: | --- | --- |")
    for name, (fitted, measured) in divisions.items():
        found = fitted.entities.right.sum() / fitted.gold.total()
        recalls = [("recall", round(times * found, 3)) for times in options.recall]
        for kind, target in [("precision", options.precision), *recalls]:
            print(try_promise(name, kind, target, fitted, measured))
    print(f"\nA text: tagging {1000 * tag.tagging:.2f} ms, proposing {1000 * tag.proposing:.2f} ms more")


class Tagged:
    """Sentences of two files with the tags of a model."""

    def __init__(self, model: str, files: list[str], columns: tuple[str | None, ...]) -> None:
        engine = open_engine(model, show_progress=True)
        self.label_set = engine.label_set
        self.gold, self.tags, self.scores, self.proposals, counts = [], [], [], [], []
        self.tagging = self.proposing = 0.0
        for file in files:
            sentences = read_sentences(file, *columns)
            sentences = select_sentences(sentences, [row for row, words in enumerate(sentences.tokens) if words])
            started = time.perf_counter()
            results = engine.evaluate(sentences, keeps_all=True)
            tagged = time.perf_counter()
            self.proposals += propose_for_split(results, self.label_set)
            self.tagging += tagged - started
            self.proposing += time.perf_counter() - tagged
            ends = np.cumsum([len(row) for row in results.tags])[:-1]
            self.gold += sentences.gold
            self.tags += results.tags
            self.scores += np.split(results.scores, ends)
            counts.append(len(sentences))
        self.border = counts[0]
        self.tagging, self.proposing = self.tagging / sum(counts), self.proposing / sum(counts)

    @property
    def sides(self) -> tuple[SplitOutcomes, SplitOutcomes]:
        """The two files."""
        return self._collect(range(self.border)), self._collect(range(self.border, len(self.gold)))

    def divide(self, seed: int) -> tuple[SplitOutcomes, SplitOutcomes]:
        """Divide both files together at random, into parts as large as the files."""
        order = np.random.default_rng(seed).permutation(len(self.gold)).tolist()
        return self._collect(order[: self.border]), self._collect(order[self.border :])

    def _collect(self, rows: range | list[int]) -> SplitOutcomes:
        scores = np.concatenate([self.scores[row] for row in rows])
        gold, tags = [self.gold[row] for row in rows], [self.tags[row] for row in rows]
        return collect_outcomes(gold, tags, scores, self.label_set, [self.proposals[row] for row in rows])


def compare_errors(name: str, fitted: SplitOutcomes, measured: SplitOutcomes) -> str:
    """Return a row: errors of scores as they are, and calibrated on the other part."""
    calibration = calibrate_split(fitted, REQUEST)
    entities = measured.entities
    scores = calibration.entities.apply(entities)
    raw, mapped = measure_reliability(entities, entities.scores), measure_reliability(entities, scores)
    errors = [f"{one.ece.value:.3f} ({one.ece.low:.3f} to {one.ece.high:.3f})" for one in (raw, mapped)]
    errors.append(f"{expect_error(scores):.3f}")
    return (
        f"| {name} | {calibration.notes['method']} | {raw.count} | {fitted.entities.right.mean():.3f} | "
        f"{entities.right.mean():.3f} | {' | '.join(errors)} | {raw.brier.value:.4f} | {mapped.brier.value:.4f} |"
    )


def expect_error(probabilities: np.ndarray) -> float:
    """Return the mean ECE of scores that are the probabilities of being right: chance alone makes it more than 0."""
    random, bins = np.random.default_rng(0), np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)
    draws = [random.random(len(bins)) < probabilities for _ in range(200)]
    errors = [np.abs(np.bincount(bins, probabilities - right, BINS)).sum() / len(bins) for right in draws]
    return float(np.mean(errors))


def show_reach(name: str, measured: SplitOutcomes) -> str:
    """Return a row: recall and precision of what the tags mark, and of that with all that is proposed."""
    sides = measured.entities.right, measured.proposals.right
    shares = [
        f"{right.sum() / measured.gold.total():.3f}, {right.mean():.3f}" for right in (sides[0], np.concatenate(sides))
    ]
    return f"| {name} | {' | '.join(shares)} |"


def try_promise(name: str, kind: str, target: float, fitted: SplitOutcomes, measured: SplitOutcomes) -> str:
    """Return a row: whether what was promised on one part holds on the other."""
    request = CalibrationRequest("", "", "", {"source": "data"}, [Promise("point", kind, target)])
    try:
        calibration = calibrate_split(fitted, request)
    except UserError as error:
        best = str(error).partition("at most ")[2].partition(";")[0]
        return f"| {name} | {kind} {target} | refused: at most {best} | | | | |"
    [row] = calibration.operating_points["point"].notes["rows"]
    right = measured.entities.right[calibration.entities.apply(measured.entities) >= row["threshold"]]
    least = "" if row["proposed"] is None else f"{row['proposed']:.3f}"
    if row["proposed"] is not None:
        scores = calibration.proposals.apply(measured.proposals)
        right = np.concatenate((right, measured.proposals.right[scores >= row["proposed"]]))
    shares = {"precision": right.mean(), "recall": right.sum() / measured.gold.total()}
    found = shares[kind]
    verdict = "yes" if found >= target else f"no, {100 * (target - found):.1f} points less"
    return (
        f"| {name} | {kind} {target} | {row['bound']:.3f} | {row['threshold']:.3f} | {least} | "
        f"{shares['precision']:.3f}, {shares['recall']:.3f} | {verdict} |"
    )


if __name__ == "__main__":
    main()
