"""Commands that write files, each with inputs, results of an earlier run, and a way to tell old from new ones."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from conftest import SENTENCES, build_wordpiece, configure_tiny_bert, save_tagger, write_sentences
from safetensors.torch import load_file
from transformers import BertForTokenClassification

# Imported here, so that the forks that run a command find them.
from token_classification import cli, story
from token_classification.arguments.model import ModelArguments
from token_classification.data.formats.text_and_labels import read_text_and_labels
from token_classification.data.results_folder import lock_folder
from token_classification.data.whole_files import refuse_interrupted_set
from token_classification.errors import DataError, UserError
from token_classification.exit_codes import run_command
from token_classification.export import folder
from token_classification.export.folder import open_workshop
from token_classification.inference.export_record import (
    ExportRecord,
    hash_model_files,
    read_export_record,
    verify_model_files,
)
from token_classification.tao.archive import archive
from token_classification.tao.archive.archive import open_archive
from token_classification.tao.models import name_model, place_model

REFUSED = "refused"
"""What a user finds where the tool refuses to read results that a kill left half replaced"""
KEY = "a secret key"


@dataclass(frozen=True)
class Scenario:
    """A command as the fault driver runs it. Everything that it writes lies below `work`."""

    prepare: Callable[[Path], None]
    """Writes `inputs/`, and `work/` with the results of an earlier run"""
    run: Callable[[Path], int]
    """Runs the command; gives its exit code"""
    observe: Callable[[Path], dict]
    """What a user finds in `work`: results that belong together under one name"""
    is_tidy: bool = True
    """Whether the same command again removes what a kill left unfinished; it does where it has a folder for itself"""
    repeats: bool = True
    """Whether the same command may follow one that ended well"""
    good_codes: tuple[int, ...] = (0,)


def run_tool(*arguments: object) -> int:
    """Run a command of `token_classification`."""
    return run_command(cli.run, [*map(str, arguments)])


def observe_files(*names: str) -> Callable[[Path], dict]:
    """The bytes of some files, each of which may be the old or the new one."""

    def observe(work: Path) -> dict:
        return {name: (work / name).read_bytes() if (work / name).exists() else None for name in names}

    return observe


def write_iob(path: Path, name: str) -> None:
    """Two sentences about somebody."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{name} B-PER\nleft O\n\nWhere O\nis O\n{name} B-PER\n? O\n")


def convert() -> Scenario:
    """`dataset_convert` over an earlier conversion."""

    def run(base: Path) -> int:
        folders = [f"source_data_dir={base / 'inputs'}", f"target_data_dir={base / 'work' / 'data'}"]
        return run_tool("dataset_convert", *folders)

    def prepare(base: Path) -> None:
        for name in ("Anna", "John"):
            for split in ("train", "dev"):
                write_iob(base / "inputs" / f"{split}.txt", name)
            if name == "Anna":
                assert run(base) == 0

    def observe(work: Path) -> dict:
        data = work / "data"
        try:
            splits = [read_text_and_labels(data / f"text_{s}.txt", data / f"labels_{s}.txt") for s in ("train", "dev")]
        except DataError:
            return {"data": REFUSED}
        found = [(split.tokens, split.tags) for split in splits]
        return {"data": (found, (data / "label_ids.csv").read_text())}

    return Scenario(prepare, run, observe)


def repair() -> Scenario:
    """`check --repair` over an earlier repair."""

    def run(base: Path) -> int:
        return run_tool("check", base / "inputs" / "train.conll", "--repair", base / "work" / "repaired")

    def prepare(base: Path) -> None:
        for name in ("Anna", "John"):
            write_iob(base / "inputs" / "train.conll", f"{name}\u200b")
            if name == "Anna":
                assert run(base) == 0

    return Scenario(prepare, run, observe_files("repaired/train.conll", "repaired/train.conll.diff"))


def check() -> Scenario:
    """`check --json --html` over earlier findings."""

    def run(base: Path) -> int:
        work = base / "work"
        return run_tool("check", base / "inputs" / "a.conll", "--json", work / "a.json", "--html", work / "a.html")

    def prepare(base: Path) -> None:
        write_iob(base / "inputs" / "a.conll", "Anna")
        assert run(base) == 0
        write_sentences(base / "inputs" / "a.conll")

    return Scenario(prepare, run, observe_files("a.json", "a.html"), is_tidy=False)


def report() -> Scenario:
    """`report` over an earlier report."""

    def run(base: Path) -> int:
        return run_tool("report", base / "inputs" / "predictions.conll", "-r", base / "work" / "report")

    def prepare(base: Path) -> None:
        path = base / "inputs" / "predictions.conll"
        path.write_text("Anna\tB-PER\tB-PER\n\n")
        assert run(base) == 0
        path.write_text("Anna\tB-PER\tO\n\nJohn\tB-PER\tB-LOC\n\n")

    files = ("report.html", "report.txt", "report.json")
    return Scenario(prepare, run, observe_files(*(f"report/{name}" for name in files)))


def save_tiny_tagger(folder: Path, seed: int) -> None:
    """A trained model of random weights."""
    save_tagger(folder, build_wordpiece(lowercase=True))
    torch.manual_seed(seed)
    config = configure_tiny_bert(build_wordpiece(lowercase=True), id2label={0: "O", 1: "B-PER"})
    BertForTokenClassification(config).save_pretrained(folder)


def read_model(folder: Path) -> object:
    """A weight and the labels of a model folder; None where nothing would load it."""
    try:
        config = story.load_config(ModelArguments(str(folder)))
    except UserError as error:
        return REFUSED if "type the command" in str(error) else None
    if not (folder / "model.safetensors").exists():
        return None
    return load_file(folder / "model.safetensors")["classifier.weight"].tolist(), dict(config.id2label)


def average() -> Scenario:
    """`average` into a new folder."""

    def run(base: Path) -> int:
        inputs = base / "inputs"
        return run_tool("average", inputs / "a", inputs / "b", "-r", base / "work" / "mean")

    def prepare(base: Path) -> None:
        save_tiny_tagger(base / "inputs" / "a", 1)
        save_tiny_tagger(base / "inputs" / "b", 2)

    return Scenario(prepare, run, lambda work: {"model": read_model(work / "mean")}, repeats=False)


def seal() -> Scenario:
    """An encrypted model in the place of an earlier one."""
    # A guess of the key need not be dear here: each run makes several.
    archive.SCRYPT_COSTS[archive.VERSION] = 2**4

    def seal_model(base: Path) -> None:
        with place_model(name_model(base / "work", "model", KEY), KEY) as folder:
            shutil.copytree(base / "inputs" / "model", folder)

    def prepare(base: Path) -> None:
        (base / "inputs" / "model").mkdir()
        config = base / "inputs" / "model" / "config.json"
        config.write_text('{"old": 1}')
        seal_model(base)
        config.write_text('{"new": 1}')

    def observe(work: Path) -> dict:
        with open_archive(work / "model.tlt", KEY) as folder:
            return {"archive": (folder / "config.json").read_text()}

    return Scenario(prepare, lambda base: run_command(lambda _: seal_model(base), []), observe)


def publish_export() -> Scenario:
    """What `export` does when a model has passed the gate: it takes the place of an earlier one, of another format."""

    def publish(base: Path) -> None:
        target = base / "work" / "exported"
        with lock_folder(target, "-r"), open_workshop(target) as workshop:
            shutil.copytree(base / "inputs" / "variant", workshop / "variant")
            folder.publish(workshop / "variant", target, "table")

    def write_variant(base: Path, backend: str, *files: str) -> None:
        variant = base / "inputs" / "variant"
        shutil.rmtree(variant, ignore_errors=True)
        variant.mkdir()
        for name in (*files, "config.json", "tokenizer.json"):
            (variant / name).write_text(backend)
        ExportRecord(backend, files[0], 64, {}, hash_model_files(variant, backend)).write(variant)

    def prepare(base: Path) -> None:
        write_variant(base, "openvino", "openvino_model.xml", "openvino_model.bin")
        publish(base)
        write_variant(base, "onnx", "model.onnx")

    def observe(work: Path) -> dict:
        target = work / "exported"
        try:
            refuse_interrupted_set(target)
        except DataError:
            return {"export": REFUSED}
        found = read_export_record(target)
        verify_model_files(target, found)
        return {"export": (found.backend, (target / "config.json").read_text())}

    return Scenario(prepare, lambda base: run_command(lambda _: publish(base), []), observe)


def train() -> Scenario:
    """A training of two steps with checkpoints, metrics, record and card, in the folder of an earlier one."""

    def run(base: Path, *more: str, steps: int = 2) -> int:
        data, output = base / "inputs" / "train.conll", base / "work" / "model"
        flags = ["--model_name_or_path", base / "inputs" / "encoder", "--train_file", data, "--validation_file", data]
        flags += ["--output_dir", output, "--do_train", "--do_eval", "--max_steps", steps, "--save_steps", 1]
        flags += ["--disable_tqdm", "true", "--report_to", "none", "--report", "false", *more]
        return run_command(story.main, [*map(str, flags)])

    def prepare(base: Path) -> None:
        torch.manual_seed(0)
        tokenizer = build_wordpiece(lowercase=True)
        BertForTokenClassification(configure_tiny_bert(tokenizer)).bert.save_pretrained(base / "inputs" / "encoder")
        tokenizer.save_pretrained(base / "inputs" / "encoder")
        write_sentences(base / "inputs" / "train.conll", SENTENCES[:4])
        assert run(base, steps=1) == 0
        write_sentences(base / "inputs" / "train.conll", SENTENCES)

    def observe(work: Path) -> dict:
        return {"model": read_model(work / "model")} | observe_files("README.md")(work)

    return Scenario(prepare, lambda base: run(base, "--overwrite_output_dir"), observe)


SCENARIOS: dict[str, Callable[[], Scenario]] = {
    "convert": convert,
    "check": check,
    "repair": repair,
    "report": report,
    "average": average,
    "seal": seal,
    "export": publish_export,
    "train": train,
}
