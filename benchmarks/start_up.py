#!/usr/bin/env python
"""From the command to the first training step: run_ner.py and the stock way, alternating, each in a new process.

python benchmarks/start_up.py MODEL TRAIN_FILE [--rounds 5]

Stock is what the upstream script does with the library's parts: read a JSON file with `load_dataset`, tokenize and
align the labels with `Dataset.map`, load the model, build a `Trainer`. Its cache is empty, as for new data.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

SIDES = ("stock", "ours")


def main() -> None:
    """Start both sides in turn and print the table."""
    options = parse_arguments()
    if options.side:
        (start_ours if options.side == "ours" else start_stock)(options)
        return
    seconds = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        json_file = write_json_lines(options.train_file, Path(folder))
        for _ in range(options.rounds):
            for side in SIDES:
                file = str(Path(options.train_file).resolve()) if side == "ours" else json_file
                seconds[side].append(time_side(options.model, file, side))
    print("| side | seconds to the first step (min - max) |\n| --- | ---: |")
    for side, values in seconds.items():
        print(f"| {side} | {statistics.median(values):.1f} ({min(values):.1f} - {max(values):.1f}) |")
    ratios = [ours / stock for ours, stock in zip(seconds["ours"], seconds["stock"], strict=True)]
    print(f"| ratio | **{statistics.median(ratios):.2f}** ({min(ratios):.2f} - {max(ratios):.2f}) |")


def parse_arguments() -> argparse.Namespace:
    """Parse the command line; the script calls itself with `--side`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("train_file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    return parser.parse_args()


def write_json_lines(train_file: str, folder: Path) -> str:
    """Write the training data in the form that the upstream script reads."""
    from token_classification.data.formats import read_sentences

    sentences = read_sentences(train_file)
    path = folder / "train.json"
    rows = zip(sentences.tokens, sentences.tags, strict=True)
    path.write_text("".join(json.dumps({"tokens": words, "ner_tags": tags}) + "\n" for words, tags in rows))
    return str(path)


def time_side(model: str, train_file: str, side: str) -> float:
    """Return the seconds from the start of a process to its first training step."""
    with tempfile.TemporaryDirectory() as cache:
        start = time.time()
        command = [sys.executable, __file__, model, train_file, "--side", side]
        done = subprocess.run(command, capture_output=True, text=True, cwd=cache, check=False)
    if not done.stdout.strip():
        sys.exit(done.stderr)
    return float(done.stdout.splitlines()[-1]) - start


def leave_at_first_step():
    """Return a callback that prints the time when the first step begins, and ends the process."""
    from transformers import TrainerCallback

    class LeaveAtFirstStep(TrainerCallback):
        def on_step_begin(self, *_, **__):
            print(f"\n{time.time()}", flush=True)
            sys.exit()

    return LeaveAtFirstStep()


def start_ours(options: argparse.Namespace) -> None:
    """Run `run_ner.py --train_file ... --do_train`."""
    from token_classification.arguments.command_line import parse_command_line
    from token_classification.recipe import Recipe
    from token_classification.story import walk

    flags = ["--model_name_or_path", options.model, "--train_file", options.train_file, "--output_dir", "out"]
    arguments, _ = parse_command_line([*flags, "--do_train", "--disable_tqdm", "true"])
    walk(arguments, recipe=Recipe(callbacks=[leave_at_first_step()]))


def start_stock(options: argparse.Namespace) -> None:
    """Do what the upstream script does up to its first step."""
    from datasets import load_dataset
    from transformers import (
        AutoConfig,
        AutoModelForTokenClassification,
        AutoTokenizer,
        DataCollatorForTokenClassification,
        Trainer,
        TrainingArguments,
    )

    data = load_dataset("json", data_files={"train": options.train_file}, cache_dir="cache")["train"]
    names = sorted({tag for tags in data["ner_tags"] for tag in tags})
    ids = {name: number for number, name in enumerate(names)}
    config = AutoConfig.from_pretrained(options.model, num_labels=len(names))
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForTokenClassification.from_pretrained(options.model, config=config)

    def align(rows: dict) -> dict:
        batch = tokenizer(rows["tokens"], truncation=True, is_split_into_words=True)
        batch["labels"] = []
        for row, tags in enumerate(rows["ner_tags"]):
            previous, labels = None, []
            for word in batch.word_ids(row):
                labels.append(-100 if word is None or word == previous else ids[tags[word]])
                previous = word
            batch["labels"].append(labels)
        return batch

    training = TrainingArguments(output_dir="out", use_cpu=True, disable_tqdm=True, report_to="none")
    Trainer(
        model=model,
        args=training,
        train_dataset=data.map(align, batched=True, remove_columns=data.column_names),
        data_collator=DataCollatorForTokenClassification(tokenizer),
        callbacks=[leave_at_first_step()],
    ).train()


if __name__ == "__main__":
    main()
