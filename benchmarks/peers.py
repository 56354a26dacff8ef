#!/usr/bin/env python
"""What users would pick instead: flair, spaCy and optimum's pipeline on ONNX Runtime, beside this project, in turn.

python benchmarks/peers.py train ENCODER TRAIN_FILE TEST_FILE --peers_python venv-peers/bin/python [--sentences 1000]
    [--epochs 1] [--batch_size 32] [--learning_rate 2e-4] [--rounds 1] [--threads 2] [--sides ours flair spacy]
python benchmarks/peers.py tag MODEL TEST_FILE --peers_python venv-peers/bin/python [--export FOLDER] ...

The others need an older transformers, so they have an environment of their own: `python -m venv venv-peers` and
`venv-peers/bin/pip install -r benchmarks/requirements-peers.txt`. In it `peer_sides.py` does what each library's
documentation shows. All sides have a process of their own, the same encoder, the same first sentences of the training
file, and the same batch size, epochs and peak learning rate. F1 is that of the whole test file, scored here. Seconds
are those of the training alone, and of `tag` those of all texts after 64 to warm up; processor time is that of a
whole command where it trains. Prints Markdown, and on the way the load of the machine before each side.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SIDES = {"train": ("ours", "flair", "spacy"), "tag": ("ours", "onnx", "onnx-int8")}
ALL_SIDES = {name: None for sides in SIDES.values() for name in sides}


def main() -> None:
    """Run all sides in turn and print the table."""
    options = parse_arguments()
    if options.mode == "own":
        print(json.dumps(tag_with_predictor(options)))
        return
    sides = options.sides or SIDES[options.mode]
    with tempfile.TemporaryDirectory() as folder:
        files = write_files(options, Path(folder))
        runs: dict[str, list[dict]] = {side: [] for side in sides}
        for seed in range(options.rounds):
            for side in sides:
                print(f"load before {side}: {os.getloadavg()[0]:.1f}", file=sys.stderr)
                runs[side].append(run_side(options, side, seed, files, Path(folder, f"{side}-{seed}")))
                print(f"seed {seed}, {side}: {runs[side][-1]}", file=sys.stderr, flush=True)
    print_table(options, runs)


def parse_arguments() -> argparse.Namespace:
    """Parse the command line; the script calls itself with `own`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("train", "tag", "own"), help="`own` is for this script itself")
    parser.add_argument("model", help="an encoder to fine-tune, or a model that tags")
    parser.add_argument("files", nargs="+", help="the training file (only `train`) and the test file")
    parser.add_argument("--peers_python", default=sys.executable, help="interpreter of the others' environment")
    parser.add_argument("--export", help="tag with this export of the model (`token_classification export`)")
    parser.add_argument("--sentences", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--learning_rate", type=float, default=2e-4)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--sides", nargs="+", choices=ALL_SIDES)
    options = parser.parse_args()
    if len(options.files) != 2 - (options.mode != "train"):
        parser.error(f"{options.mode}: {len(options.files)} files; give the training file only to `train`")
    return options


def write_files(options: argparse.Namespace, folder: Path) -> dict[str, Path]:
    """Write what all sides read, as lines of JSON: the first sentences of the training file, and the test file."""
    from token_classification.data.formats import read_sentences

    files = {}
    for name, path in zip(("test", "train"), reversed(options.files), strict=False):
        sentences = read_sentences(path)
        rows = [row for row in zip(sentences.tokens, sentences.tags, strict=True) if row[0]]
        lines = (json.dumps({"tokens": words, "ner_tags": tags}) for words, tags in rows)
        files[name] = folder / f"{name}.json"
        kept = list(lines)[: options.sentences if name == "train" else None]
        files[name].write_text("\n".join(kept) + "\n", encoding="utf-8")
    return files


def run_side(options: argparse.Namespace, side: str, seed: int, files: dict[str, Path], output: Path) -> dict:
    """Run one side in a process of its own and return its measurements."""
    output.mkdir()
    before = read_cpu_seconds()
    if side == "ours":
        measured = train_here(options, seed, files, output) if "train" in files else call_own(options, files)
    else:
        given = ["--test_file", files["test"], "--batch_size", options.batch_size, "--threads", options.threads]
        if "train" in files:
            given += ["--train_file", files["train"], "--epochs", options.epochs, "--seed", seed]
            given += ["--learning_rate", options.learning_rate]
        script = Path(__file__).with_name("peer_sides.py")
        printed = call([options.peers_python, script, side, options.model, output, *given], options.threads)
        measured = json.loads(printed.splitlines()[-1])
    if "train" in files:
        measured["cpu_seconds"] = read_cpu_seconds() - before
        if side != "ours":
            measured["f1"] = score_predictions(files["test"], output)
    return measured


def read_cpu_seconds() -> float:
    """Return the processor time of all processes so far that this one has started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def score_predictions(test_file: Path, output: Path) -> float:
    """Return the F1 of the tags that `peer_sides.py` has left in a folder."""
    from token_classification.data.schemes import Scheme
    from token_classification.scoring.metrics import score_tags

    gold = [json.loads(line)["ner_tags"] for line in test_file.read_text(encoding="utf-8").splitlines()]
    predicted = json.loads((output / "predicted.json").read_text(encoding="utf-8"))
    return score_tags(gold, predicted, Scheme.IOB2)["overall_f1"]


def train_here(options: argparse.Namespace, seed: int, files: dict[str, Path], output: Path) -> dict:
    """Train and test with run_ner.py."""
    settings = {
        "model_name_or_path": options.model,
        "train_file": files["train"],
        "test_file": files["test"],
        "output_dir": output / "model",
        "num_train_epochs": options.epochs,
        "per_device_train_batch_size": options.batch_size,
        "learning_rate": options.learning_rate,
        "warmup_steps": 0.1,
        "seed": seed,
    }
    flags = [text for name, value in settings.items() for text in (f"--{name}", value)]
    call([sys.executable, ROOT / "run_ner.py", "--do_train", "--do_predict", *flags], options.threads)
    results = json.loads((output / "model" / "all_results.json").read_text(encoding="utf-8"))
    return {"seconds": results["train_runtime"], "f1": results["predict_f1"]}


def call_own(options: argparse.Namespace, files: dict[str, Path]) -> dict:
    """Tag with `Predictor` in a process of its own."""
    command = [sys.executable, __file__, "own", options.export or options.model, files["test"]]
    return json.loads(call(command, options.threads).splitlines()[-1])


def tag_with_predictor(options: argparse.Namespace) -> dict:
    """Tag all texts with `Predictor`."""
    from token_classification.data.formats import read_sentences
    from token_classification.inference.predictor import Predictor

    texts = [" ".join(words) for words in read_sentences(options.files[0]).tokens]
    predictor = Predictor.from_pretrained(options.model)
    predictor(texts[:64])
    start, cpu_start = time.perf_counter(), time.process_time()
    predictor(texts)
    return {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu_start}


def call(command: list, threads: int) -> str:
    """Run a command with so many threads and return what it prints; a failure ends the benchmark with its message."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return done.stdout


def print_table(options: argparse.Namespace, runs: dict[str, list[dict]]) -> None:
    """Print medians of each side, and how many times as fast ours is, seed by seed."""
    import train_speed

    print(train_speed.describe_machine())
    libraries = "; ".join(f"{side}: {found[0]['versions']}" for side, found in runs.items() if "versions" in found[0])
    print(f"{options.threads} threads; {libraries}\n")
    print("| side | seconds (min - max) | times ours | CPU seconds | F1 |\n| --- | ---: | ---: | ---: | ---: |")
    for side, found in runs.items():
        seconds = [run["seconds"] for run in found]
        ratios = [theirs / ours["seconds"] for theirs, ours in zip(seconds, runs.get("ours", []), strict=False)]
        cells = [
            f"{statistics.median(seconds):.1f} ({min(seconds):.1f} - {max(seconds):.1f})",
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} - {max(ratios):.2f})" if ratios else "",
            f"{statistics.median(run['cpu_seconds'] for run in found):.1f}",
            f"{statistics.median(run['f1'] for run in found):.4f}" if "f1" in found[0] else "",
        ]
        print(f"| {side} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
