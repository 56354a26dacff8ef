#!/usr/bin/env python
"""Run the same commands with two commits and compare every file that they leave: predictions, weights and scores.

python scripts/compare_commits.py OLD NEW --data FOLDER [--quick]

FOLDER holds `wnut17/` (train.conll, dev.conll, test.conll) and `germeval2014/` (train.tsv, dev.tsv, test.tsv; without
train.tsv, test.tsv is trained on). Exit code 0: all is identical or differs as expected, 1: it does not, 2: a command
failed.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
QUICK = 300  # sentences of each file with --quick
TEXTS = 200  # sentences that `infer` tags
COMPLETE = ".complete"  # marks the results of a commit as whole

ENVIRONMENT = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
PYTHON = """#!/usr/bin/env bash
case "$*" in *sys.prefix*) echo "{folder}" ;; "-m pip"*) ;; *) exec "{python}" "$@" ;; esac
"""
"""The walk-through sets its environment up before anything else: pip has nothing to do here."""

RATES = "--learning_rate 3e-4 --head_learning_rate 3e-3"
RUN_NER = f"""
{{python}} {{code}}/run_ner.py --model_name_or_path {{model}} --seed 42
--per_device_train_batch_size {{batch}} {RATES} --num_train_epochs 1 --save_strategy no --use_cpu
--train_file {{inputs}}/wnut17/train.conll --validation_file {{inputs}}/wnut17/dev.conll
--test_file {{inputs}}/wnut17/test.conll --do_train --do_eval --do_predict
"""
TAO = "{python} -m token_classification"
TRAINED = "tao/train/checkpoints/trained-model"
COMMANDS = {
    "wnut17-no": f"{RUN_NER} --output_dir wnut17-no --mixed_precision no",
    "wnut17-auto": f"{RUN_NER} --output_dir wnut17-auto",
    "tao download_specs": f"{TAO} download_specs -o tao/specs",
    "tao dataset_convert": f"{TAO} dataset_convert -e tao/specs/dataset_convert.yaml -r tao/convert "
    "source_data_dir={inputs}/iob target_data_dir=tao/data",
    "tao train": f"{TAO} train -e tao/specs/train.yaml -r tao/train -g 1 data_dir=tao/data "
    "model.label_ids=tao/data/label_ids.csv model.language_model.pretrained_model_name={model} trainer.seed=42 "
    "trainer.max_epochs=2 model.optim.lr=5e-4 training_ds.batch_size={batch} training_ds.num_samples=-1 "
    "validation_ds.num_samples=-1 model.dataset.class_balancing=weighted_loss",
    "tao evaluate": f"{TAO} evaluate -e tao/specs/evaluate.yaml -r tao/evaluate -m {TRAINED} data_dir=tao/data "
    "test_ds.text_file=text_test.txt test_ds.labels_file=labels_test.txt",
    "tao infer": f"{TAO} infer -e tao/specs/infer.yaml -r tao/infer -m {TRAINED}",
    "tao infer to JSON lines": f"{TAO} infer -r tao/jsonl -m {TRAINED} input_file={{inputs}}/texts.txt",
    "tao infer to CoNLL": f"{TAO} infer -r tao/conll -m {TRAINED} input_file={{inputs}}/texts.txt output_format=conll",
    "germeval": "env VIRTUAL_ENV={inputs} PATH={inputs}/bin:{path} GERMEVAL_DIR={inputs}/germeval2014 MAX_LENGTH=64 "
    "BERT_MODEL={model} OUTPUT_DIR=germeval-model NUM_EPOCHS=1 SEED=42 BATCH_SIZE={batch} "
    f"bash {{code}}/scripts/germeval.sh --save_strategy no --use_cpu {RATES}",
}
"""Step -> its command, in a form that both commits understand"""

EXPECTED_FILES = {
    r"training_args\.bin": "pickled settings: they name modules",
    r"deep_head\.py": "source code; what it computes is in weights and predictions",
    r"README\.md": "model card; its scores are those of all_results.json",
    r"nemo_log.*": "log; its scores are those of all_results.json",
}
"""Name of a file -> why its text may differ"""
EXPECTED_KEYS = {
    r"(_runtime|_per_second|\.epoch_seconds|\.seconds)$": "timings",
    r"^(command_line|machine|versions)\b": "paths and versions",
    r"^recipe\b": "record of the recipe, in a new form",
    r"^(training_arguments\.early_stopping_patience|model\.dataset\.max_seq_length)$": "default, said elsewhere",
    r"^slices\.\d+\.name$": "titles of a report",
    r"^settings\.model$": "checksum of the model, config included",
    r"^settings\.input_format$": "the recognised format is recorded",
}
"""Key of a JSON or YAML file, with dots between levels -> why it may differ"""
NEW_KEYS = r"^((\w+_arguments|settings|model|exp_manager)\.[\w.-]+|tag_(window|decoder))$"
"""Keys that a newer commit may add: settings that it has, and what the config of a model says of its training"""
PROSE = (".html", ".txt")  # for people: the words may change, the figures may not
NO_PROSE = ("vocab.txt", "labels_", "text_", "predictions")
CLOCK = re.compile(
    r"[\d/-]{10}[ T]\d\d:\d\d:\d\d\S*|\d{8}-\d{6}|\d+:\d\d\b|\d[\d.,]*(?= s\b| (texts|words)/s)|(?<=[a-z]):\d+\b"
)
"""Times and lines of code, in texts and in names of files"""
FIGURE = re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?")
PAGE_DATA = re.compile(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', re.DOTALL)


Row = tuple[str, str, str]
"""A file, `identical`, `expected` or `DIFFERS`, and why or where"""


def main(argv: list[str]) -> int:
    """Run both commits, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commits", nargs=2, metavar=("OLD", "NEW"))
    parser.add_argument("--data", type=Path, required=True, help="folder with wnut17/ and germeval2014/")
    parser.add_argument("--model", type=Path, help="folder of an encoder; default: that of sample/encoder.py")
    parser.add_argument("--quick", action="store_true", help="a few hundred sentences of each corpus")
    parser.add_argument("--work", type=Path, help="keep results here; those of a commit are not computed again")
    options = parser.parse_args(argv)
    if len(set(map(find_commit, options.commits))) == 1:
        parser.error(f"{' and '.join(options.commits)} are the same commit; give two")
    model = options.model or Path(read_output([sys.executable, str(ROOT / "sample" / "encoder.py")]))
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.work or Path(temporary)).resolve()
        inputs = work / f"inputs-{'quick' if options.quick else 'full'}"
        write_inputs(options.data.resolve(), inputs, QUICK if options.quick else None)
        sides = [run_commit(commit, inputs, model.resolve()) for commit in options.commits]
        rows = list(compare_folders(*sides))
        width = max(len(name) for name, _, _ in rows)
        print("\n".join(f"{name:{width}}  {status:9}  {detail}".rstrip() for name, status, detail in rows))
        print(f"\n{format_scores(sides[1])}")
    counts = Counter(status for _, status, _ in rows)
    print(f"\n{len(rows)} files: {', '.join(f'{count} {status}' for status, count in counts.items())}")
    return int("DIFFERS" in counts)


def write_inputs(data: Path, folder: Path, count: int | None) -> None:
    """Write what the commands read: the first sentences (None: all) of the corpora; IOB files and texts for TAO."""
    for name in ("wnut17", "germeval2014", "iob", "bin"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for split in ("train", "dev", "test"):
        tweets = _read_beginning(data / "wnut17" / f"{split}.conll", count)
        (folder / "wnut17" / f"{split}.conll").write_text(tweets, encoding="utf-8")
        # A word of two tags keeps the outer one; the TAO dialect parts word and tag with a blank.
        iob = re.sub(r"^(\S+)\t([^\t,\n]+).*$", r"\1 \2", tweets, flags=re.MULTILINE)
        (folder / "iob" / f"{split}.txt").write_text(iob, encoding="utf-8")
        source = data / "germeval2014" / f"{split}.tsv"
        if split == "train" and not source.exists():
            print(f"{source}: not there; training on test.tsv", flush=True)
            source = source.with_name("test.tsv")
        (folder / "germeval2014" / f"{split}.tsv").write_text(_read_beginning(source, count), encoding="utf-8")
    sentences = (folder / "iob" / "dev.txt").read_text(encoding="utf-8").strip().split("\n\n")[:TEXTS]
    texts = [" ".join(line.partition(" ")[0] for line in sentence.split("\n")) for sentence in sentences]
    (folder / "texts.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    for name in ("python", "python3"):
        program = folder / "bin" / name
        program.write_text(PYTHON.format(folder=folder, python=sys.executable))
        program.chmod(0o755)


def _read_beginning(path: Path, count: int | None) -> str:
    sentences = re.split(r"\n\s*\n", path.read_text(encoding="utf-8").strip("\n"))
    return "\n\n".join(sentences[:count]) + "\n\n"


def list_steps(code: Path, inputs: Path, model: Path) -> dict[str, list[str]]:
    """List the command of each step; blanks in the names of folders part no words."""
    values = {"python": sys.executable, "path": os.environ["PATH"], "code": code, "inputs": inputs, "model": model}
    values["batch"] = 4 if inputs.name.endswith("quick") else 16
    return {name: [part.format(**values) for part in text.split()] for name, text in COMMANDS.items()}


def run_commit(commit: str, inputs: Path, model: Path) -> Path:
    """Run the commands with the code of a commit and return the folder of what they leave."""
    results = inputs.with_name(inputs.name.replace("inputs", find_commit(commit)))
    if (results / COMPLETE).exists():
        print(f"{commit}: results of an earlier run, {results}", flush=True)
        return results
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir()
    with check_out(commit) as code:
        environment = os.environ | ENVIRONMENT | {"PYTHONPATH": str(code)}
        for name, command in list_steps(code, inputs, model).items():
            print(f"{commit}: {name}", flush=True)
            read_output(command, cwd=results, env=environment)
    (results / COMPLETE).touch()
    return results


def find_commit(name: str) -> str:
    """Return the short hash of a commit."""
    return read_output(["git", "-C", str(ROOT), "rev-parse", "--short=12", "--verify", f"{name}^{{commit}}"])


@contextmanager
def check_out(commit: str) -> Iterator[Path]:
    """Check a commit out into a temporary worktree, which is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "code"
        git = ["git", "-C", str(ROOT), "worktree"]
        read_output([*git, "add", "--detach", str(code), commit])
        try:
            yield code
        finally:
            read_output([*git, "remove", "--force", str(code)])


def read_output(command: list[str], **options: Any) -> str:
    """Run a command and return what it prints; its last lines are in the error if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
        raise RuntimeError(f"{shlex.join(command)}\nended with exit code {done.returncode}:\n{last}")
    return done.stdout.strip()


def compare_folders(old: Path, new: Path) -> Iterator[Row]:
    """Compare the files of two folders, one by one."""
    sides = [
        {CLOCK.sub("TIME", str(path.relative_to(side))): path for path in side.rglob("*") if path.is_file()}
        for side in (old, new)
    ]
    for name in sorted(sides[0] | sides[1]):
        missing = [label for label, side in zip(("OLD", "NEW"), sides, strict=True) if name not in side]
        if name != COMPLETE:
            verdict = ("DIFFERS", f"not in {missing[0]}") if missing else judge_files(*(side[name] for side in sides))
            yield name, *verdict


def judge_files(old: Path, new: Path) -> tuple[str, str]:
    """Return status and detail of a file: by its bytes, else by the values of JSON or the figures of prose."""
    contents = [path.read_bytes() for path in (old, new)]
    if contents[0] == contents[1]:
        return "identical", ""
    if known := [reason for pattern, reason in EXPECTED_FILES.items() if re.fullmatch(pattern, new.name)]:
        return "expected", known[0]
    if new.name == "optimizer.pt" and not list(find_differences(read_tensors(old), read_tensors(new))):
        return "expected", "keys in another order; every value is the same"
    texts = [content.decode("utf-8", "replace") for content in contents]
    if new.suffix in (".json", ".yaml"):
        return judge_values(*map(yaml.safe_load if new.suffix == ".yaml" else json.loads, texts))
    if new.suffix in PROSE and not new.name.startswith(NO_PROSE):
        return judge_prose(*texts)
    place = next(at for at, pair in enumerate(zip_longest(*contents)) if pair[0] != pair[1])
    line = contents[0].count(b"\n", 0, place) + 1
    return "DIFFERS", f"byte {place}, line {line}"


def read_tensors(path: Path) -> object:
    """Read a file of torch, its tensors as bytes."""
    import torch
    from torch.utils._pytree import tree_map_only

    loaded = torch.load(path, map_location="cpu", weights_only=True)
    return tree_map_only(torch.Tensor, lambda tensor: (str(tensor.dtype), tensor.numpy().tobytes()), loaded)


def judge_values(old: object, new: object) -> tuple[str, str]:
    """Return status and detail for two values of JSON."""
    reasons: set[str] = set()
    for key, found in find_differences(old, new):
        known = [reason for pattern, reason in EXPECTED_KEYS.items() if re.search(pattern, key)]
        if found.startswith("new:") and re.search(NEW_KEYS, key):
            known.append(f"added: {key}")
        if not known:
            return "DIFFERS", f"{key}: {found}"
        reasons.update(known)
    return "expected", ", ".join(sorted(reasons)) or "layout"


def find_differences(old: object, new: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Find the values that differ: key with dots between levels, and what is there."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old | new:
            inner = f"{key}.{name}".lstrip(".")
            if name not in old or name not in new:
                yield inner, f"new: {new[name]!r:.60}" if name in new else f"gone: {old[name]!r:.60}"
            else:
                yield from find_differences(old[name], new[name], inner)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, pair in enumerate(zip(old, new, strict=True)):
            yield from find_differences(*pair, f"{key}.{place}")
    elif old != new or type(old) is not type(new):
        yield key, f"{old!r:.60} -> {new!r:.60}"


def judge_prose(old: str, new: str) -> tuple[str, str]:
    """Return status and detail for two texts: the data of a page, and figures in their order, must be the same."""
    for block in zip_longest(*map(PAGE_DATA.findall, (old, new))):
        if None in block:
            return "DIFFERS", "data of the page"
        status, detail = judge_values(*map(json.loads, block))
        if status == "DIFFERS":
            return status, detail
    if PAGE_DATA.search(old):
        return "expected", "the page; its data are the same"
    figures = (FIGURE.findall(CLOCK.sub("", text)) for text in (old, new))
    for place, pair in enumerate(zip_longest(*figures), 1):
        if pair[0] != pair[1]:
            return "DIFFERS", f"figure {place}: {pair[0]} -> {pair[1]}"
    return "expected", "words, times; the figures are the same"


def format_scores(folder: Path) -> str:
    """Format the F1 scores of each run of one commit; the table says whether those of the other are the same."""
    paths = sorted(folder.rglob("all_results.json"))
    results = {path.parent.relative_to(folder): json.loads(path.read_text(encoding="utf-8")) for path in paths}
    names = ("eval_f1", "predict_f1")
    return "\n".join(
        f"{run}: {', '.join(f'{name} {row.get(name)}' for name in names)}" for run, row in results.items()
    )


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except RuntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
