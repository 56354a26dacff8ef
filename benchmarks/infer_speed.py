#!/usr/bin/env python
"""Speed of Predictor and of `transformers.pipeline`, alternating in one run, with the same model and texts.

python benchmarks/infer_speed.py MODEL TEXT_FILE [--exports FOLDER ...] [--rounds 5] [--texts N] [--memory_mb 20]

TEXT_FILE has gold tags (CoNLL, JSON lines ...): its sentences are the texts, and the F1 of our side is printed. The
stock side is `pipeline("token-classification", aggregation_strategy="simple")` with batches of 1, 8 and 32 texts,
on an accelerator of 32 and 128, in float32 and in bf16; both sides get the same list of raw texts and return entities
with offsets. --exports are other forms of the model, or other models, e.g. a student. Prints Markdown; TFLOP/s are
those of real sub-tokens (`model_flops.py`). With --memory_mb each of our backends also tags that many megabytes of
text in a process of its own, and the growth of its memory is printed.
"""

import argparse
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from model_flops import INFERENCE, count_flops, describe_use
from train_speed import find_device

PIPELINE_BATCHES, ACCELERATOR_BATCHES = (1, 8, 32), (32, 128)
LIBRARIES = ("torch", "transformers", "openvino", "nncf", "onnxruntime")


def main() -> None:
    """Measure all sides in turn and print the tables."""
    options = parse_arguments()
    if options.measure_memory:
        print(json.dumps(measure_memory(options)))
        return
    print(describe_machine(), "\n")
    sides = open_sides(options)
    texts = [" ".join(words) for words in read_gold(options).tokens if words]
    texts = random.Random(0).sample(texts, min(options.texts or len(texts), len(texts)))
    seconds = {name: [] for name in sides}
    cpu_seconds = {name: [] for name in sides}
    for round_number in range(options.rounds + 1):
        for name, run in sides.items():
            start, cpu_start = time.perf_counter(), time.process_time()
            run(texts)
            # The first round is for caches and kernels.
            if round_number:
                seconds[name].append(time.perf_counter() - start)
                cpu_seconds[name].append(time.process_time() - cpu_start)
    print_speeds(options, texts, seconds, cpu_seconds)
    if options.memory_mb:
        print_memory(options)


def parse_arguments() -> argparse.Namespace:
    """Parse the command line; the script calls itself with `--measure_memory`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("text_file")
    parser.add_argument("--exports", nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--texts", type=int, default=0, help="time N of the texts (default: all)")
    parser.add_argument("--memory_mb", type=float, default=0)
    parser.add_argument("--measure_memory", metavar="MODEL:BACKEND", help=argparse.SUPPRESS)
    return parser.parse_args()


def list_ours(options: argparse.Namespace) -> dict[str, tuple[str, str]]:
    """Return the name of each of our sides -> model folder and backend."""
    from token_classification.hardware import multiplies_bf16
    from token_classification.inference.export_record import read_export_record

    ours = {"torch": (options.model, "torch")}
    if multiplies_bf16():
        ours["torch-bf16"] = (options.model, "torch-bf16")
    for folder in options.exports:
        record = read_export_record(Path(folder))
        is_new = record is not None and record.backend not in ours
        ours[record.backend if is_new else Path(folder).resolve().name] = (folder, "auto")
    return ours


def open_sides(options: argparse.Namespace) -> dict[str, Callable[[list[str]], object]]:
    """Return the name of each side -> function that finds the entities of texts."""
    import torch
    from transformers import pipeline

    from token_classification.hardware import has_accelerator
    from token_classification.inference.predictor import Predictor

    precisions, batches = {"pipeline": torch.float32}, PIPELINE_BATCHES
    if has_accelerator():
        precisions, batches = {**precisions, "pipeline bf16": torch.bfloat16}, ACCELERATOR_BATCHES
    sides = {}
    for name, precision in precisions.items():
        stock = pipeline(
            "token-classification",
            model=options.model,
            aggregation_strategy="simple",
            dtype=precision,
            device=find_device(),
        )
        for size in batches:
            sides[f"{name}, batch {size}"] = lambda texts, size=size, stock=stock: stock(texts, batch_size=size)
    ours = list_ours(options).items()
    return sides | {name: Predictor.from_pretrained(*where, streams=None) for name, where in ours}


def count_text_flops(options: argparse.Namespace, texts: list[str]) -> float:
    """Count the floating point operations that the model needs for a text, on average."""
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    lengths = [len(ids) for ids in AutoTokenizer.from_pretrained(options.model)(texts, truncation=True).input_ids]
    model = AutoModelForTokenClassification.from_pretrained(options.model)
    return count_flops(model, lengths, INFERENCE) * sum(lengths) / len(texts)


def read_gold(options: argparse.Namespace):
    """Read the sentences of the text file, with their gold tags."""
    from token_classification.data.formats import read_sentences

    return read_sentences(options.text_file)


def print_speeds(
    options: argparse.Namespace, texts: list[str], seconds: dict[str, list[float]], cpu_seconds: dict[str, list[float]]
) -> None:
    """Print a row per side; ratios are taken round by round, to the batch size that is best for the pipeline.

    Processor time says more than speed where other programs run on the same cores.
    """
    from token_classification.hardware import describe_hardware

    stock = [name for name in seconds if name.startswith("pipeline")]
    best = min(stock, key=lambda name: statistics.median(seconds[name]))
    scores, flops = score_ours(options), count_text_flops(options, texts)
    load, hardware = os.getloadavg()[0], describe_hardware(find_device(), 1)
    others = {Path(folder).resolve().name for folder in options.exports}
    print(f"{len(texts):,} texts, {options.rounds} rounds; load of the machine {load:.1f} on {os.cpu_count()} cores\n")
    print("| side | texts/s (min - max) | times the best pipeline | CPU ms a text | TFLOP/s | F1 | equal tags |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, values in seconds.items():
        speeds = [len(texts) / value for value in values]
        ratios = [stock_value / value for stock_value, value in zip(seconds[best], values, strict=True)]
        f1, equal = scores.get(name, ("", ""))
        cpu = 1000 * statistics.median(cpu_seconds[name]) / len(texts)
        use = "" if name in others else describe_use(flops * statistics.median(speeds), hardware)
        print(
            f"| {name} | {statistics.median(speeds):,.0f} ({min(speeds):,.0f} - {max(speeds):,.0f}) "
            f"| **{statistics.median(ratios):.2f}** ({min(ratios):.2f} - {max(ratios):.2f}) | {cpu:.2f} | {use} "
            f"| {f1} | {equal} |"
        )


def score_ours(options: argparse.Namespace) -> dict[str, tuple[str, str]]:
    """Return, for each of our sides, F1 in percent and the share of tags that torch in float32 gives as well."""
    from token_classification.inference.engine import open_engine

    gold = read_gold(options)
    scores, reference = {}, None
    for name, (folder, backend) in list_ours(options).items():
        results = open_engine(folder, backend).evaluate(gold)
        tags = [tag for row in results.tags for tag in row]
        reference = reference or tags
        equal = sum(one == other for one, other in zip(tags, reference, strict=True)) / len(tags)
        scores[name] = (f"{100 * results.metrics['f1']:.2f}", f"{equal:.3%}")
    return scores


def print_memory(options: argparse.Namespace) -> None:
    """Print how much the memory of each of our sides grows, each in its own process."""
    print(f"\n| side | memory before MB | growth over {options.memory_mb:g} MB of text, MB |")
    print("| --- | ---: | ---: |")
    for name, (folder, backend) in list_ours(options).items():
        settings = ["--memory_mb", str(options.memory_mb), "--measure_memory", f"{folder}:{backend}"]
        command = [sys.executable, __file__, options.model, options.text_file, *settings]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stderr)
        before, peak = json.loads(done.stdout.splitlines()[-1])
        print(f"| {name} | {before:,} | {peak - before:,} |", flush=True)


def measure_memory(options: argparse.Namespace) -> tuple[int, int]:
    """Return the peak megabytes of this process after the first chunk of texts, and at the end."""
    from token_classification.inference.predictor import TEXTS_PER_CHUNK, Predictor

    folder, _, backend = options.measure_memory.rpartition(":")
    predictor = Predictor.from_pretrained(folder, backend)
    texts = [" ".join(words) for words in read_gold(options).tokens if words]
    list(predictor(iter(random.Random(0).choices(texts, k=TEXTS_PER_CHUNK))))
    before = read_peak()
    for _ in predictor(repeat_texts(texts, int(options.memory_mb * 1e6))):
        pass
    return before, read_peak()


def repeat_texts(texts: list[str], size: int) -> Iterator[str]:
    """Yield texts drawn at random until they add up to so many bytes."""
    generator = random.Random(1)
    while size > 0:
        text = generator.choice(texts)
        size -= len(text.encode()) + 1
        yield text


def read_peak() -> int:
    """Return the peak memory of this process in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def describe_machine() -> str:
    """Describe the machine and the versions."""
    import torch

    from token_classification.hardware import describe_hardware

    found = [describe_hardware(find_device(), 1)]
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    threads = torch.get_num_threads()
    return f"{platform.platform()}, {threads} threads, Python {platform.python_version()}, {', '.join(found)}"


if __name__ == "__main__":
    main()
