"""Hints of the engine in the words of this dialect: no `--flag` that its users can't type."""

import ast
import logging
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from conftest import ROOT
from transformers import TrainerControl, TrainerState, TrainingArguments

from token_classification.arguments.serving import ServingArguments
from token_classification.arguments.values import ACCEPTED
from token_classification.errors import DataError, RejectedError, StoppedError, UserError
from token_classification.tao.dialect import rewrite_flags, speaking_tao
from token_classification.tao.schema import list_types
from token_classification.tao.translate_trainer import PRECISIONS
from token_classification.training.survival.failures import advise_on_evaluation_memory, advise_on_training_memory
from token_classification.training.survival.watchdog import Watchdog

PACKAGE = ROOT / "token_classification"
STATIONS = (
    "arguments",
    "training",
    "distillation",
    "scoring",
    "modeling",
    "data",
    "alignment",
    "inference",
    "export",
    "reporting",
)
OWN_FLAGS = {
    "arguments/help.py",
    "arguments/shown_flags.py",
    "arguments/command_line.py",
    "arguments/old_flags.py",
    "arguments/seeds.py",
    "data/convert.py",
    "data/formats/tag_files.py",
    "reporting/compare.py",
    "inference/bulk.py",
    "inference/parts/folder.py",
    "inference/parts/tag_parts.py",
    "inference/progress.py",
    "inference/selection.py",
    "inference/ray_pool.py",
    "inference/workers.py",
    "reporting/logs.py",
}
"""Their flags are those of the commands that they belong to: `compare`, `convert`, `infer --resume`, `run_ner.py`"""
FLAG = re.compile(r"(?<![\w-])--[a-z]\w+")
COMMANDS = r"token_classification (check FILE|convert 7 NEW\.jsonl|calibrate -m (%s|MODEL))"
PROGRAMS = rf"run_ner\.py|{COMMANDS}|pip install|datasets-cli [^;]*|hf download \S+|accelerate launch"
ALLOWED = re.compile(rf"({PROGRAMS}) --[a-z]\w+")
"""Flags behind the name of another program or command, which are typed there"""
PLACEHOLDER = "7"
OF_SERVE = {item.name for item in fields(ServingArguments)}
"""`serve` has no spec: its flags are typed in both dialects"""


def list_engine_files() -> Iterator[Path]:
    """Modules whose messages reach users of the commands that have a spec."""
    for station in STATIONS:
        yield from sorted((PACKAGE / station).rglob("*.py"))
    yield from (PACKAGE / name for name in ("hardware.py", "extras.py", "story.py"))


def list_messages(path: Path) -> Iterator[str]:
    """Texts of a module that are neither docstrings nor the help of `run_ner.py`; values in them are numbers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    passed_over = set()
    for node in ast.walk(tree):
        for statement in node.body if isinstance(getattr(node, "body", None), list) else []:
            if isinstance(statement, ast.Expr):
                passed_over.add(statement.value)
        if isinstance(node, ast.JoinedStr):
            passed_over.update(ast.walk(node))
            passed_over.discard(node)
        if isinstance(node, ast.keyword) and node.arg == "metadata":
            passed_over.update(ast.walk(node.value))
    for node in ast.walk(tree):
        if node in passed_over:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else PLACEHOLDER for part in node.values)


ENGINE_MESSAGES = {
    f"{path.relative_to(PACKAGE)}: {text}": text
    for path in list_engine_files()
    if str(path.relative_to(PACKAGE)) not in OWN_FLAGS
    for text in list_messages(path)
    if FLAG.search(text)
}


@pytest.mark.parametrize("text", ENGINE_MESSAGES.values(), ids=ENGINE_MESSAGES)
@pytest.mark.parametrize("command", ["train", "evaluate", "export"])
def test_no_message_of_the_engine_names_a_flag_of_the_other_dialect(command: str, text: str) -> None:
    rewritten = rewrite_flags(text, command)
    assert FLAG.search(ALLOWED.sub("", rewritten)) is None, rewritten


@pytest.mark.parametrize("name", [name for name in ACCEPTED if name not in OF_SERVE])
def test_settings_of_a_wrong_value_are_named_in_this_dialect(name: str) -> None:
    assert FLAG.search(ALLOWED.sub("", rewrite_flags(f"--{name} must be 1 or more; got 0.", "train"))) is None


def test_there_are_messages_to_look_at() -> None:
    assert len(ENGINE_MESSAGES) > 40


def test_the_keys_named_are_keys_of_the_schema() -> None:
    known = set(list_types())
    named = {
        key
        for text in ENGINE_MESSAGES.values()
        for key in re.findall(r"([a-z]\w*(?:\.[a-z]\w*)+)=", rewrite_flags(text, "train"))
    }
    assert len(named) > 5
    assert named - known == set()


@pytest.mark.parametrize(
    ("text", "command", "expected"),
    [
        ("Give --learning_rate 5e-5.", "train", "Give model.optim.lr=5e-5."),
        ("a smaller --max_seq_length (e.g. 128)", "train", "a smaller model.dataset.max_seq_length (e.g. 128)"),
        ("Give a --learning_rate of a tenth", "train", "Give a model.optim.lr of a tenth"),
        ("--mixed_precision no", "train", "trainer.precision=32"),
        ("--fp16 needs a GPU", "train", "trainer.precision=16 needs a GPU"),
        ("--per_device_eval_batch_size 8: less", "train", "validation_ds.batch_size=8: less"),
        ("--per_device_eval_batch_size 8: less", "evaluate", "test_ds.batch_size=8: less"),
        ("give --train_file FILE", "export", "give calibration_file=FILE"),
        ("another --output_dir /a b", "train", "another -r /a b"),
        ("type run_ner.py --data_seed 2", "average", "type run_ner.py --data_seed 2"),
        ("in a --learning_rates list", "train", "in a --learning_rates list"),
        ("python run_ner.py --do_train --train_file FILE", "infer", "token_classification train"),
    ],
)
def test_a_flag_becomes_what_is_typed_here(text: str, command: str, expected: str) -> None:
    assert rewrite_flags(text, command).startswith(expected)


@pytest.mark.parametrize("ours", ["no", "bf16", "fp16", "auto"])
def test_precisions_are_those_of_the_translation(ours: str) -> None:
    key, _, value = rewrite_flags(f"--mixed_precision {ours}", "train").partition("=")
    assert (key, PRECISIONS[value]) == ("trainer.precision", ours)


@pytest.mark.parametrize("kind", [UserError, DataError, StoppedError, RejectedError])
def test_errors_keep_their_kind_and_change_their_words(kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"^give trainer\.max_epochs=3$"), speaking_tao("train"):
        raise kind("give --num_train_epochs 3")


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(RuntimeError, match=r"^--num_train_epochs 3$"), speaking_tao("train"):
        raise RuntimeError("--num_train_epochs 3")


def test_memory_advice_is_typed_here(tmp_path: Path) -> None:
    arguments = TrainingArguments(str(tmp_path), per_device_train_batch_size=8, per_device_eval_batch_size=4)
    advice = rewrite_flags(advise_on_training_memory(arguments), "train")
    assert advice == (
        "training_ds.batch_size=8 is too much; give training_ds.batch_size=4 trainer.accumulate_grad_batches=2, "
        "which learns the same."
    )
    assert "test_ds.batch_size=2" in rewrite_flags(advise_on_evaluation_memory(arguments), "evaluate")


def test_the_watchdog_says_keys(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    arguments = TrainingArguments(str(tmp_path), learning_rate=0.5)
    with caplog.at_level(logging.WARNING, "token_classification"):
        Watchdog(None).on_train_begin(arguments, TrainerState(), TrainerControl())
    assert "model.optim.lr=5e-5" in rewrite_flags(caplog.records[-1].getMessage(), "train")
