#!/usr/bin/env python
"""Simulated labelling: what F1 a model reaches when the sentences to label are selected, and when they are drawn.

python benchmarks/active_learning.py MODEL TRAIN_FILE VALIDATION_FILE TEST_FILE --results FILE.json
    [--seeds 0 1 2 3 4] [--ways "entropy, sum" ...] [--drawn 10 20 30 45 60 100] [--plot FILE.svg]

Cost is counted in words. 10 % of them are drawn; a model that learned these selects up to 20 %, and the model that
learned those up to 30 %. Every model starts from the encoder and learns for `--steps` steps, or for `--epochs` passes
where that is more, whatever the way. Each trained model's figures are written to the file at once: started again, the
benchmark goes on. Prints Markdown; choose a way by the validation F1.
"""

import argparse
import json
import logging
import math
import random
import statistics
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from token_classification.api import fine_tune
from token_classification.data.entities import find_entities
from token_classification.data.formats import read_sentences
from token_classification.data.whole_files import write_whole
from token_classification.inference.shortlist import spread_out
from token_classification.scoring.softmax import log_softmax, softmax
from token_classification.scoring.uncertainty import measure_entropy

DRAWN, DIVERSE = "random", "diverse"
SHARES = (10, 20, 30)
"""Percent of the words after each round; the first ones are drawn"""


def measure_margin(logits):
    """Return 1 less the lead of the most probable label over the second one (Scheffer et al. 2001)."""
    second, first = np.sort(softmax(logits), axis=1)[:, -2:].T
    return 1 - (first - second)


def measure_surprise(logits):
    """Return -log of the probability of the best label: its mean is MNLP (Shen et al. 2018)."""
    return -log_softmax(logits).max(axis=1)


WAYS = {
    f"{name}, {normalised}": (measure, reduce)
    for name, measure in (("entropy", measure_entropy), ("margin", measure_margin), ("surprise", measure_surprise))
    for normalised, reduce in (("sum", np.sum), ("mean", np.mean))
}
"""Way -> how unsure the model is of a word, and what is made of the words of a sentence"""


def main(argv: list[str] | None = None) -> None:
    """Train what is missing, and print and draw all that is there."""
    options = parse_arguments(argv)
    path = Path(options.results)
    points = json.loads(path.read_text()) if path.exists() else {}
    pool = read_sentences(options.train_file)
    for seed in options.seeds:
        order = random.Random(seed).sample(range(len(pool)), len(pool))
        for share in dict.fromkeys((SHARES[0], *options.drawn)):
            run_point(DRAWN, seed, share, take_words(pool.tokens, order, share), points, pool, options)
        for way in options.ways:
            before = points[name_point(DRAWN, seed, SHARES[0])]
            for share in SHARES[1:]:
                if way not in before["orders"]:
                    sys.exit(f"{path}: was begun without {way!r}; accepted: the same --ways; give another --results")
                order = before["rows"] + before["orders"][way]
                run_point(way, seed, share, take_words(pool.tokens, order, share), points, pool, options)
                before = points[name_point(way, seed, share)]
    groups = group_points(points, options.seeds)
    print_table(groups)
    print_savings(groups)
    if options.plot:
        plot_curves(groups, options.ways, options.plot)


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "train_file", "validation_file", "test_file"):
        parser.add_argument(name)
    parser.add_argument("--results", required=True, metavar="FILE.json")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--ways", nargs="*", choices=(*WAYS, DIVERSE), default=["entropy, mean"])
    parser.add_argument("--drawn", type=int, nargs="*", default=[10, 20, 30, 45, 60, 100], metavar="PERCENT")
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--plot", metavar="FILE.svg", help="also draw the curves")
    return parser.parse_args(argv)


def name_point(way: str, seed: int, share: int) -> str:
    """Return the key of a trained model's figures."""
    return f"{way}/{seed}/{share}"


def take_words(tokens: list[list[str]], order: list[int], share: int) -> list[int]:
    """Take the first sentences of an order, until they hold the share, in percent, of all words."""
    wanted = share / 100 * sum(map(len, tokens))
    taken, words = [], 0
    for row in order:
        if words >= wanted:
            break
        taken.append(row)
        words += len(tokens[row])
    return taken


def run_point(way: str, seed: int, share: int, rows: list[int], points: dict, pool, options) -> None:
    """Train on some sentences and write down the figures, unless they are known; order the rest for the next round."""
    name = name_point(way, seed, share)
    if name in points:
        return
    started = time.monotonic()
    train = [{"tokens": pool.tokens[row], "tags": pool.gold[row]} for row in rows]
    batch_size = 16
    steps = max(options.steps, math.ceil(options.epochs * len(rows) / batch_size))
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        run = fine_tune(
            options.model,
            train=train,
            validation=options.validation_file,
            test=options.test_file,
            output_dir=folder,
            seed=seed,
            max_steps=steps,
            per_device_train_batch_size=batch_size,
            learning_rate=2e-4,
            warmup_steps=0.1,
            eval_strategy="no",
            save_strategy="no",
            report=False,
            disable_tqdm=True,
        )
        point = {
            "validation": run.scores["validation"]["f1"],
            "test": run.scores["test"]["f1"],
            "steps": steps,
            "sentences": len(rows),
            "words": sum(len(pool.tokens[row]) for row in rows),
            "entities": sum(len(find_entities(pool.gold[row])) for row in rows),
            "rows": rows,
        }
        if share in (SHARES[:1] if way == DRAWN else SHARES[:-1]):
            ways = options.ways if way == DRAWN else [way]
            point["orders"] = order_rest(run.predictor.engine, rows, pool.tokens, ways)
    points[name] = point | {"seconds": round(time.monotonic() - started)}
    write_whole(Path(options.results), json.dumps(points))
    logging.getLogger(__name__).warning("%s: %s", name, {key: point[key] for key in ("validation", "sentences")})


def order_rest(engine, rows: list[int], tokens: list[list[str]], ways: list[str]) -> dict[str, list[int]]:
    """Order the sentences that are not labelled yet in several ways, what to label first in front."""
    rest = sorted(set(range(len(tokens))) - set(rows))
    texts = [tokens[row] for row in rest]
    doubts = {
        measure: engine.measure(texts, measure).words
        for measure in dict.fromkeys(WAYS[way][0] for way in ways if way != DIVERSE)
    }
    orders = {}
    for way in ways:
        if way == DIVERSE:
            vectors = engine.measure(texts, measure_entropy, with_vectors=True).vectors
            places = spread_out(np.stack([vectors[place] for place in range(len(rest))]), len(rest), seed=0)
        else:
            measure, reduce = WAYS[way]
            scores = [float(reduce(words)) for words in doubts[measure]]
            places = sorted(range(len(rest)), key=lambda place: -scores[place])
        orders[way] = [rest[place] for place in places]
    return orders


def group_points(points: dict, seeds: list[int]) -> dict[str, dict[int, list[dict]]]:
    """Return way -> share -> the figures of these seeds, shares ascending."""
    groups: dict[str, dict[int, list[dict]]] = {}
    for name in sorted(points, key=lambda name: int(name.split("/")[2])):
        way, seed, share = name.split("/")
        if int(seed) in seeds:
            groups.setdefault(way, {}).setdefault(int(share), []).append(points[name])
    return groups


def print_table(groups: dict[str, dict[int, list[dict]]]) -> None:
    """Print a row for each way and share: means over the seeds, and the standard deviation of F1."""
    print("| way | words | sentences | entities | seeds | validation F1 | test F1 |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for way, shares in groups.items():
        for share, runs in shares.items():
            cells = [f"{statistics.mean(run[name] for run in runs):,.0f}" for name in ("sentences", "entities")]
            cells.append(str(len(runs)))
            for split in ("validation", "test"):
                mean, spread = average(runs, split)
                cells.append(f"{mean:.2f} ± {spread:.2f}")
            print(f"| {way} | {share} % | {' | '.join(cells)} |")


def average(runs: list[dict], split: str) -> tuple[float, float]:
    """Return the mean F1 of some runs, in points, and its standard deviation."""
    f1 = [100 * run[split] for run in runs]
    return statistics.mean(f1), statistics.stdev(f1) if len(f1) > 1 else 0.0


def print_savings(groups: dict[str, dict[int, list[dict]]]) -> None:
    """Print for the last round of each way how many words have to be drawn for the same F1, between those measured."""
    drawn = {share: average(runs, "test")[0] for share, runs in groups[DRAWN].items()}
    for way, shares in groups.items():
        if way == DRAWN or SHARES[-1] not in shares:
            continue
        reached = average(shares[SHARES[-1]], "test")[0]
        best = max(drawn, key=lambda share: drawn[share])
        needed = f"not reached up to {max(drawn)} %"
        if reached <= drawn[best]:
            needed = f"reached with {interpolate(drawn, reached):.0f} %"
        print(f"\n{way}: test F1 {reached:.2f} with {SHARES[-1]} % of the words; where they are drawn, {needed}.")


def interpolate(curve: dict[int, float], value: float) -> float:
    """Return where a curve first comes up to a value that it reaches."""
    places = list(curve)
    end = next(place for place in range(len(places)) if curve[places[place]] >= value)
    if end == 0:
        return places[0]
    left, right = places[end - 1 : end + 1]
    return left + (right - left) * (value - curve[left]) / (curve[right] - curve[left])


def plot_curves(groups: dict[str, dict[int, list[dict]]], ways: list[str], path: str) -> None:
    """Draw the mean test F1 of what is drawn and of some ways over the share of words, with standard deviations."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for way, colour in zip((DRAWN, *ways), ("#9aa5b1", "#2b5fb8", "#c2571a", "#3c8a4e"), strict=False):
        # Selection goes on from what is drawn.
        shares = {SHARES[0]: groups[DRAWN][SHARES[0]]} | groups[way]
        means, spreads = zip(*(average(runs, "test") for runs in shares.values()), strict=True)
        axes.errorbar(list(shares), means, spreads, color=colour, marker="o", capsize=3, label=way)
    axes.set_xlabel("labelled words, % of the training data")
    axes.set_ylabel("test F1")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
