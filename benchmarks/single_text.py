#!/usr/bin/env python
"""One short text at a time: `Predictor` against the bare call of its model on the same input, alternating.

python benchmarks/single_text.py MODEL... [--text TEXT] [--rounds 300]

The bare call gets arrays that are ready, and nobody reads its logits: words, sub-tokens, padding, tags and scores are
what `Predictor` adds. For a trained model it is that of transformers (`AutoModelForTokenClassification`), with the
threads that torch takes by itself; for an exported one that of its runtime. Processor time is that of all threads.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

WARM_UP = 30


def main() -> None:
    """Time each model and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--text", default="Anna Smith moved from Berlin to New York.")
    parser.add_argument("--rounds", type=int, default=300)
    options = parser.parse_args()
    from token_classification import Predictor
    from token_classification.hardware import count_threads

    print(f"{os.cpu_count()} cores, {count_threads()} threads, load {os.getloadavg()[0]:.1f}\n")
    print(
        "| model | positions | side | p50 ms | p90 ms | processor ms | p50 / bare |\n| --- | ---: | --- |"
        + " ---: |" * 4
    )
    for model in options.models:
        predictor = Predictor.from_pretrained(model)
        inputs, call_bare = find_bare_call(model, predictor, options.text)
        sides = {"bare": call_bare, "Predictor": lambda predictor=predictor: predictor(options.text)}
        print_rows(predictor.engine.backend, inputs["input_ids"].shape[1], time_sides(sides, options.rounds))


def find_bare_call(model: str, predictor, text: str) -> tuple[dict, Callable[[], object]]:
    """Return what the model gets for a text, and what calls it with that."""
    engine, seen = predictor.engine, []
    run_model = engine.loop.run_model

    def note(*arguments):
        seen.append(arguments)
        return run_model(*arguments)

    replace(predictor, engine=replace(engine, loop=replace(engine.loop, run_model=note)))(text)
    arguments = seen[-1]
    if not engine.backend.startswith("torch"):
        return arguments[0], lambda: run_model(*arguments)
    import torch
    from transformers import AutoModelForTokenClassification

    network = AutoModelForTokenClassification.from_pretrained(model).eval()
    tensors = {name: torch.from_numpy(values) for name, values in arguments[0].items()}

    def call() -> object:
        with torch.inference_mode():
            return network(**tensors).logits

    return arguments[0], call


def time_sides(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Call the sides in turn; return wall and processor seconds of each call."""
    found = {side: [] for side in sides}
    for number in range(WARM_UP + rounds):
        for side, call in sides.items():
            wall, processor = time.perf_counter(), time.process_time()
            call()
            if number >= WARM_UP:
                found[side].append((time.perf_counter() - wall, time.process_time() - processor))
    return found


def print_rows(backend: str, positions: int, found: dict[str, list[tuple[float, float]]]) -> None:
    """Print a row for each side."""
    bare = statistics.median(wall for wall, _ in found["bare"])
    for side, pairs in found.items():
        walls = sorted(wall for wall, _ in pairs)
        processor = statistics.median(processor for _, processor in pairs)
        middle, late = walls[len(walls) // 2], walls[len(walls) * 9 // 10]
        row = f"{middle * 1e3:.2f} | {late * 1e3:.2f} | {processor * 1e3:.2f} | {middle / bare:.2f}"
        print(f"| {backend} | {positions} | {side} | {row} |")


if __name__ == "__main__":
    main()
