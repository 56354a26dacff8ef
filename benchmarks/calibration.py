#!/usr/bin/env python
"""Calibration and operating points on data that they were not fitted on.

python benchmarks/calibration.py MODEL DEV_FILE TEST_FILE [--seeds 0 1 2 3 4] [--precision 0.8] [--recall 0.9]

Fits on DEV_FILE and measures on TEST_FILE. Since the two may differ in more than chance (drift), everything is also
done on random halves of both files together, one division for each seed. `--recall` is a share of what the model finds
without a threshold. Nothing is written; prints Markdown.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from token_classification.data.formats import read_sentences
from token_classification.data.sentences import select_sentences
from token_classification.errors import UserError
from token_classification.inference.engine import open_engine
from token_classification.inference.outcomes import SplitOutcomes, collect_outcomes
from token_classification.reporting.calibration import CalibrationRequest, Promise, calibrate_split
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
    parser.add_argument("--recall", type=float, default=0.9)
    options = parser.parse_args(argv)
    tag = Tagged(options.model, [options.dev_file, options.test_file])
    print(
        "| fitted on | map | entities | right there | here | ECE raw | calibrated | perfect | Brier raw | calibrated |"
    )
    print("| --- | --- | ---: | ---: | ---: | --- | --- | ---: | ---: | ---: |")
    divisions = {"dev file": tag.sides} | {f"half, seed {seed}": tag.divide(seed) for seed in options.seeds}
    for name, (fitted, measured) in divisions.items():
        print(compare_errors(name, fitted, measured))
    print("\n| fitted on | promise | bound there | threshold | found here | kept |")
    print("| --- | --- | ---: | ---: | ---: | --- |")
    for name, (fitted, measured) in divisions.items():
        recall = options.recall * fitted.entities.right.sum() / fitted.gold.total()
        for kind, target in (("precision", options.precision), ("recall", round(recall, 3))):
            print(try_promise(name, kind, target, fitted, measured))


class Tagged:
    """Sentences of two files with the tags of a model."""

    def __init__(self, model: str, files: list[str]) -> None:
        engine = open_engine(model, show_progress=True)
        self.label_set = engine.label_set
        self.gold, self.tags, self.scores, counts = [], [], [], []
        for file in files:
            sentences = read_sentences(file)
            sentences = select_sentences(sentences, [row for row, words in enumerate(sentences.tokens) if words])
            results = engine.evaluate(sentences)
            ends = np.cumsum([len(row) for row in results.tags])[:-1]
            self.gold += sentences.gold
            self.tags += results.tags
            self.scores += np.split(results.scores, ends)
            counts.append(len(sentences))
        self.border = counts[0]

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
        return collect_outcomes(gold, tags, scores, self.label_set)


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


def try_promise(name: str, kind: str, target: float, fitted: SplitOutcomes, measured: SplitOutcomes) -> str:
    """Return a row: whether what was promised on one part holds on the other."""
    request = CalibrationRequest("", "", "", {"source": "data"}, [Promise("point", kind, target)])
    try:
        calibration = calibrate_split(fitted, request)
    except UserError as error:
        best = str(error).partition("at most ")[2].partition(";")[0]
        return f"| {name} | {kind} {target} | refused: at most {best} | | | |"
    [row] = calibration.operating_points["point"].notes["rows"]
    entities = measured.entities
    is_kept = calibration.entities.apply(entities) >= row["threshold"]
    counts = Counter(entities.right[is_kept].tolist())
    found = counts[True] / (is_kept.sum() if kind == "precision" else measured.gold.total())
    verdict = "yes" if found >= target else f"no, {100 * (target - found):.1f} points less"
    return f"| {name} | {kind} {target} | {row['bound']:.3f} | {row['threshold']:.3f} | {found:.3f} | {verdict} |"


if __name__ == "__main__":
    main()
