#!/usr/bin/env python
"""Training speed of run_ner.py and of the stock way, alternating in one run, each training in its own process.

python benchmarks/train_speed.py MODEL TRAIN_FILE VALIDATION_FILE [--batch_sizes 8 32] [--epochs 1] [--rounds 3]
    [--stock_precision bf16] [--sides stock ours padded compiled] [--plot FILE.png]

Stock is made of the library's own parts: `Trainer`, `DataCollatorForTokenClassification`, random order, float32
(`--stock_precision bf16`: mixed precision), padding to the longest of a batch. All sides have the same model, data,
batch size, epochs and seed; each round has a seed of its own. `padded` is ours with `--pack_windows false`, `compiled`
with `--torch_compile`. The first step, which loads and compiles kernels, is not timed. Memory is that of the
accelerator where there is one, else that of the process. Prints Markdown. TFLOP/s are those of real sub-tokens
(`model_flops.py`), with their share of a GPU's data sheet where it is known.
"""

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from model_flops import TRAINING, count_flops, describe_use

SIDES = {
    # As the library sets them.
    "stock": {"train_sampling_strategy": "random", "logging_nan_inf_filter": True, "accelerator_config": {}},
    "ours": {},
    "padded": {"pack_windows": False},
    "compiled": {"torch_compile": True},
}
"""Name -> settings of the training, beside the defaults"""


def main() -> None:
    """Measure both sides in turn and print the table."""
    options = parse_arguments()
    if options.side:
        print(json.dumps(measure(options)))
        return
    print(describe_machine())
    peaks = measure_peaks()
    print("GEMM peak: " + ", ".join(f"{peak:.0f} GFLOP/s {precision}" for precision, peak in peaks.items()) + "\n")
    print(
        "| batch size | side | samples/s (min - max) | real tokens/s | share of GEMM peak | TFLOP/s | peak memory MB "
        "| dev F1 |"
    )
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    speeds = {}
    for batch_size in options.batch_sizes:
        runs = {side: [] for side in options.sides}
        for seed in range(options.rounds):
            for side in options.sides:
                runs[side].append(run_side(options, side, batch_size, seed))
                print(f"seed {seed}, {side}: {runs[side][-1]}", file=sys.stderr, flush=True)
        speeds[batch_size] = {side: [run["samples_per_second"] for run in runs[side]] for side in options.sides}
        for side in options.sides:
            precision = "float32" if side == "stock" and options.stock_precision == "no" else "bfloat16"
            print_row(batch_size, side, runs[side], peaks.get(precision, peaks["float32"]))
        if "stock" in options.sides:
            print_ratios(batch_size, speeds[batch_size])
    if options.plot:
        plot_speeds(speeds, options.plot)


def parse_arguments() -> argparse.Namespace:
    """Parse the command line; the script calls itself with `--side`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("train_file")
    parser.add_argument("validation_file")
    parser.add_argument("--batch_sizes", type=int, nargs="+", default=[8, 32])
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stock_precision", choices=("no", "bf16"), default="no")
    parser.add_argument("--sides", choices=SIDES, nargs="+", default=["stock", "ours"])
    parser.add_argument("--plot", metavar="FILE.png", help="also draw the speeds")
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    return parser.parse_args()


def run_side(options: argparse.Namespace, side: str, batch_size: int, seed: int) -> dict:
    """Train once in a new process, because allocator settings and memory belong to a process."""
    files = [options.model, options.train_file, options.validation_file]
    settings = ["--batch_sizes", str(batch_size), "--epochs", str(options.epochs), "--side", side]
    settings += ["--seed", str(seed), "--stock_precision", options.stock_precision]
    done = subprocess.run([sys.executable, __file__, *files, *settings], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def measure(options: argparse.Namespace) -> dict:
    """Train one side and return speed, memory and the F1 on the validation file, scored by this project for both."""
    from transformers import set_seed

    from token_classification.alignment.align import build_aligner
    from token_classification.arguments.data import DataArguments
    from token_classification.arguments.model import ModelArguments
    from token_classification.arguments.run import RunArguments
    from token_classification.arguments.training import NerTrainingArguments
    from token_classification.data.labels import choose_label_set
    from token_classification.data.load import load_corpus
    from token_classification.hardware import keep_freed_memory
    from token_classification.modeling.build import load_config, load_model
    from token_classification.modeling.tokenizer import load_tokenizer
    from token_classification.recipe import Recipe
    from token_classification.training.build import build_trainer

    set_seed(options.seed)
    if options.side != "stock":
        keep_freed_memory()
    with tempfile.TemporaryDirectory() as folder:
        settings = SIDES[options.side]
        if options.side == "stock":
            settings = settings | {"mixed_precision": options.stock_precision}
        training = NerTrainingArguments(
            output_dir=folder,
            do_train=True,
            eval_strategy="epoch",
            num_train_epochs=options.epochs,
            per_device_train_batch_size=options.batch_sizes[0],
            save_strategy="no",
            disable_tqdm=True,
            seed=options.seed,
            **settings,
        )
        data = DataArguments(train_file=options.train_file, validation_file=options.validation_file)
        model_arguments = ModelArguments(options.model)
        arguments = RunArguments(model_arguments, data, training)
        corpus = load_corpus(arguments)
        labels = choose_label_set(corpus, task="ner", labels_file=None, model_labels=None, is_training=True)
        tokenizer = load_tokenizer(model_arguments)
        model = load_model(model_arguments, load_config(model_arguments), labels)
        aligner = build_aligner(tokenizer, labels, window_length=512)
        aligned = {split: aligner.align(sentences) for split, sentences in corpus.splits.items()}
        training.eval_strategy = "no"
        build = build_stock_trainer if options.side == "stock" else build_trainer
        trainer = build(model, aligner, aligned, arguments, Recipe(), None)
        seconds = time_training(trainer)
        peak = read_peak_memory()
        scorer = build_trainer(model, aligner, aligned, arguments, Recipe(), None)
        f1 = scorer.predict_split(aligned["validation"], "eval")[1]["eval_f1"]
    windows = aligned["train"].windows
    samples = (len(windows) * options.epochs - options.batch_sizes[0]) / seconds
    tokens = samples * windows.lengths.mean()
    return {
        "samples_per_second": samples,
        "tokens_per_second": tokens,
        "gflops": count_flops(model, windows.lengths, TRAINING) * tokens / 1e9,
        "peak_memory": peak,
        "f1": f1,
    }


def time_training(trainer) -> float:
    """Train, and return the seconds from the end of the first step to the end of the last."""
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        def on_step_end(self, args, state, control, **others):
            if state.global_step in (1, state.max_steps):
                wait_for_accelerator()
                times.append(time.perf_counter())

    times: list[float] = []
    trainer.add_callback(Clock())
    trainer.train()
    start, end = times
    return end - start


def build_stock_trainer(model, aligner, aligned, arguments, recipe, class_weights):
    """Build the library's Trainer with the library's collator, over plain dictionaries of features."""
    from transformers import DataCollatorForTokenClassification, Trainer

    windows = aligned["train"].windows
    features = [
        {name: values.tolist() for name, values in windows[index].items()}
        | {"attention_mask": [1] * int(windows.lengths[index])}
        for index in range(len(windows))
    ]
    collator = DataCollatorForTokenClassification(aligner.tokenizer)
    return Trainer(model=model, args=arguments.training, train_dataset=features, data_collator=collator)


def measure_peaks() -> dict[str, float]:
    """Measure the limit of the machine: GFLOP/s of large matrix products in float32, and on bf16 units if any."""
    import torch

    from token_classification.hardware import multiplies_bf16

    device = find_device()
    size = 2048 if device.type == "cpu" else 8192
    peaks = {}
    for dtype in (torch.float32, torch.bfloat16) if multiplies_bf16() else (torch.float32,):
        left, right = torch.randn(2, size, size, device=device).to(dtype)
        best = 0.0
        for _ in range(12):
            wait_for_accelerator()
            start = time.perf_counter()
            left @ right
            wait_for_accelerator()
            best = max(best, 2 * size**3 / (time.perf_counter() - start) / 1e9)
        peaks[str(dtype).removeprefix("torch.")] = best
    return peaks


def find_device():
    """Return what both sides train on: the accelerator, if there is one."""
    import torch

    from token_classification.hardware import has_accelerator

    return torch.accelerator.current_accelerator() if has_accelerator() else torch.device("cpu")


def wait_for_accelerator() -> None:
    """Wait until an accelerator has done what it was given; a CPU has done it when a call returns."""
    import torch

    if find_device().type != "cpu":
        torch.accelerator.synchronize()


def read_peak_memory() -> int:
    """Return the most megabytes that were in use: of the accelerator, or of this process where there is none."""
    import torch

    if find_device().type != "cpu":
        return torch.accelerator.max_memory_allocated() // 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def print_row(batch_size: int, side: str, runs: list[dict], peak: float) -> None:
    """Print the medians of a side, with the spread of its speed; the peak is that of its precision, in GFLOP/s."""
    from token_classification.hardware import describe_hardware

    use = describe_use(statistics.median(run["gflops"] for run in runs) * 1e9, describe_hardware(find_device(), 1))
    middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    speeds = [run["samples_per_second"] for run in runs]
    print(
        f"| {batch_size} | {side} | {middle['samples_per_second']:.1f} ({min(speeds):.1f} - {max(speeds):.1f}) "
        f"| {middle['tokens_per_second']:,.0f} | {middle['gflops'] / peak:.0%} | {use} | {middle['peak_memory']:,.0f} "
        f"| {middle['f1']:.4f} |",
        flush=True,
    )


def print_ratios(batch_size: int, speeds: dict[str, list[float]]) -> None:
    """Print how many times as fast as stock each other side is, seed by seed."""
    for side in [side for side in speeds if side != "stock"]:
        ratios = [ours / stock for ours, stock in zip(speeds[side], speeds["stock"], strict=True)]
        spread = f"({min(ratios):.2f} - {max(ratios):.2f})"
        name = "ratio" if side == "ours" else f"ratio, {side}"
        print(f"| {batch_size} | {name} | **{statistics.median(ratios):.2f}** {spread} | | | | | |", flush=True)


def plot_speeds(speeds: dict[int, dict[str, list[float]]], path: str) -> None:
    """Draw a bar per side and batch size: median samples/s, with a line from the slowest to the fastest round."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.add_subplot()
    colours = ("#9aa5b1", "#2b5fb8", "#7f6bb3", "#3f8f6b")
    names = list(next(iter(speeds.values())))
    for place, (side, colour) in enumerate(zip(names, colours, strict=False)):
        middles = [statistics.median(runs[side]) for runs in speeds.values()]
        below = [middle - min(runs[side]) for middle, runs in zip(middles, speeds.values(), strict=True)]
        above = [max(runs[side]) - middle for middle, runs in zip(middles, speeds.values(), strict=True)]
        positions = [row + 0.8 / len(names) * place for row in range(len(speeds))]
        bars = axes.barh(positions, middles, 0.72 / len(names), xerr=(below, above), color=colour, label=side)
        axes.bar_label(bars, fmt="%.0f", padding=6)
    axes.set_yticks([row + 0.4 - 0.4 / len(names) for row in range(len(speeds))], [f"batch {size}" for size in speeds])
    axes.invert_yaxis()
    axes.set_xlabel("training samples/s")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)


def describe_machine() -> str:
    """Describe the machine and the versions."""
    import torch

    from token_classification.hardware import describe_hardware

    hardware = describe_hardware(find_device(), 1)
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "accelerate"))
    threads = f"{torch.get_num_threads()} threads"
    return f"{platform.platform()}, {hardware}, {threads}, Python {platform.python_version()}, {libraries}"


if __name__ == "__main__":
    main()
