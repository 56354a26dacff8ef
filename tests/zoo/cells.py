"""What is tried with each architecture, a function per column: it returns a remark, or raises what went wrong."""

import json
import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from statistics import fmean

import numpy as np
from conftest import SENTENCES, TEXT, write_sentences
from transformers import AutoModelForTokenClassification, pipeline

from token_classification import Predictor
from token_classification.data.words_of_text import find_words
from token_classification.inference.engine import WordTags, open_engine
from token_classification.tao.models import open_model, place_model
from zoo.encoders import POSITIONS, build_encoder
from zoo.trial import BugError, RefusedError, Trial

STEPS, HALF = 40, 20
TRAINING = f"""--do_train --use_cpu --disable_tqdm true --mixed_precision no --report false --logging_steps 1
    --max_steps {STEPS} --per_device_train_batch_size 8 --learning_rate 3e-3 --lr_scheduler_type constant
    --save_strategy steps --save_steps {HALF}""".split()
NO_CHECKPOINTS = ["--save_strategy", "no"]
BATCH_SIZES = 1, 7, 32
SCORE_TOLERANCE = 1e-3
"""Rounding changes probabilities by less, another sentence in the batch by more"""
CLEAR = 0.01
"""How far the two most probable tags of a word must be apart for runtimes to have to agree"""


class NoError(Exception):
    """Something works otherwise than promised, in a line."""


def draw_sentences() -> list[list[str]]:
    """Sentences of random words, most of them short, two of them longer than a window."""
    generator = random.Random(0)
    words = [TEXT[start:end] for start, end in find_words(TEXT)]
    return [generator.choices(words, k=length) for length in [*(generator.randint(1, 20) for _ in range(60)), 90, 150]]


@dataclass
class Row:
    """One architecture, and what its cells share: the files, and the model that it trained."""

    model_type: str
    trial: Trial

    @cached_property
    def encoder(self) -> Path:
        """The untrained encoder."""
        return build_encoder(self.model_type, self.trial.folder / "encoder")

    @cached_property
    def train_file(self) -> Path:
        """Forty sentences."""
        return write_sentences(self.trial.folder / "train.conll", SENTENCES * 5)

    @cached_property
    def tokens(self) -> list[list[str]]:
        """The words of the test sentences."""
        return draw_sentences()

    @cached_property
    def test_file(self) -> Path:
        """The test sentences, without tags."""
        path = self.trial.folder / "test.conll"
        path.write_text("".join("\n".join(words) + "\n\n" for words in self.tokens), encoding="utf-8")
        return path

    @cached_property
    def training(self) -> tuple[Path, list[str]]:
        """The trained model, with tags for the test sentences, and the warnings of the training."""
        return self.train("model", "--do_predict", "--test_file", self.test_file)

    @property
    def model(self) -> Path:
        """The trained model."""
        return self.training[0]

    def train(self, name: str, *more: object) -> tuple[Path, list[str]]:
        """Train into a folder of this name; gives the folder and the warnings."""
        folder = self.trial.folder / name
        files = ["--model_name_or_path", self.encoder, "--train_file", self.train_file, "--output_dir", folder]
        return folder, self.trial.run_ner(*files, *TRAINING, *more)

    @cached_property
    def answer(self) -> WordTags:
        """Tags and probabilities of the test sentences."""
        return open_engine(self.model).tag(self.tokens)

    @cached_property
    def gold_file(self) -> Path:
        """Those test sentences whose words all have a clear tag, with these tags."""
        rows = zip(self.tokens, self.answer.tags, self.answer.scores, strict=True)
        clear = [(" ".join(words), " ".join(tags)) for words, tags, scores in rows if min(scores) > 0.5 + CLEAR]
        return write_sentences(self.trial.folder / "gold.conll", clear)


def read_tags(folder: Path) -> list[list[str]]:
    """The tags that `--do_predict` left."""
    return [line.split() for line in (folder / "predictions.txt").read_text(encoding="utf-8").splitlines()]


def check_training(row: Row) -> str:
    """The loss falls, and tags are not all the same."""
    log = json.loads((row.model / "trainer_state.json").read_text())["log_history"]
    losses = [entry["loss"] for entry in log if "loss" in entry]
    if fmean(losses[-5:]) > 0.7 * fmean(losses[:5]):
        raise NoError("the loss does not fall")
    if len(set(chain.from_iterable(read_tags(row.model)))) < 3:
        raise BugError("the trained model gives the same tag to all words: the other cells would show nothing")
    return ""


def check_packing(row: Row) -> str:
    """Sentences share rows, or it was said why not."""
    for line in row.training[1]:
        if found := re.search(r"cannot share rows: (.+?)\. Batches: ", line):
            raise NoError(found[1])
    return ""


def check_bf16(row: Row) -> str:
    """A training with bf16 products runs, or says what it does instead."""
    _, warnings = row.train("bf16", *NO_CHECKPOINTS, "--mixed_precision", "bf16", "--max_steps", "5")
    return pick(warnings, "bf16")


def check_batches(row: Row) -> str:
    """What a word is tagged does not hang on the size of the batch."""
    with row.trial.listening() as (warnings, _):
        answers = [open_engine(row.model, token_budget=size * POSITIONS).tag(row.tokens) for size in BATCH_SIZES]
    one = answers[0]
    for size, other in zip(BATCH_SIZES[1:], answers[1:], strict=True):
        compare(one, other, f"of {size} than alone")
    return pick(warnings, "must not depend on the batch")


def pick(warnings: list[str], about: str) -> str:
    """The warnings that are about something, each once."""
    return " ".join(dict.fromkeys(line for line in warnings if about in line))


def compare(one: WordTags, other: WordTags, where: str) -> None:
    """Two answers for the same words are the same but for rounding."""
    tags = zip(chain.from_iterable(one.tags), chain.from_iterable(other.tags), strict=True)
    if changed := sum(tag != changed for tag, changed in tags):
        raise BugError(f"{changed} words have other tags in batches {where}")
    scores = [np.array(list(chain.from_iterable(answer.scores))) for answer in (one, other)]
    difference = np.abs(scores[0] - scores[1]).max()
    if not difference < SCORE_TOLERANCE:
        raise BugError(f"probabilities differ by {difference:.4f} in batches {where}")


def check_predictor(row: Row) -> str:
    """`Predictor` gives the tags of `--do_predict`, for words and for text."""
    predictor, expected = Predictor.from_pretrained(row.model), read_tags(row.model)
    for texts in (row.tokens, [" ".join(words) for words in row.tokens]):
        found = [[word["tag"] for word in words] for words in predictor.tag(texts)]
        if found != expected:
            raise BugError(f"Predictor and --do_predict differ on {type(texts[0]).__name__}")
    return ""


def check_resuming(row: Row) -> str:
    """A training that goes on from its checkpoint ends with the same weights."""
    folder = row.trial.folder / "resumed"
    shutil.copytree(row.model / f"checkpoint-{HALF}", folder / f"checkpoint-{HALF}")
    row.train("resumed", "--resume_from_checkpoint", folder / f"checkpoint-{HALF}")
    if (folder / "model.safetensors").read_bytes() != (row.model / "model.safetensors").read_bytes():
        raise BugError("the resumed training ends with other weights")
    return ""


def check_pipeline(row: Row) -> str:
    """The library by itself loads the model, and tags with it."""
    _, found = AutoModelForTokenClassification.from_pretrained(row.model, output_loading_info=True)
    if found["missing_keys"] or found["unexpected_keys"] or found["mismatched_keys"]:
        raise BugError(f"the library finds other weights: {found}")
    answers = pipeline("token-classification", model=str(row.model), ignore_labels=[])(" ".join(row.tokens[0]))
    if not answers or not all(0 < answer["score"] <= 1 for answer in answers):
        raise BugError(f"the library's pipeline answers {answers}")
    return ""


def check_archive(row: Row) -> str:
    """The model comes out of an encrypted archive as it went in."""
    archive = row.trial.folder / "model.tlt"
    with place_model(archive, "key") as folder:
        shutil.copytree(row.model, folder, ignore=shutil.ignore_patterns("checkpoint-*"))
    with open_model(str(archive), "key") as folder:
        if open_engine(folder).tag(row.tokens) != row.answer:
            raise BugError("the model from the archive gives other tags")
    return ""


def check_deep_head(row: Row) -> str:
    """A head of two layers learns, and is loaded again."""
    test = ["--do_predict", "--test_file", row.test_file, "--max_steps", HALF]
    folder, _ = row.train("deep", "--head_layers", "2", *NO_CHECKPOINTS, *test)
    if open_engine(folder).tag(row.tokens).tags != read_tags(folder):
        raise BugError("the loaded deep head gives other tags")
    return ""


def check_average(row: Row) -> str:
    """Two trainings give one model that tags."""
    other, _ = row.train("other", *NO_CHECKPOINTS, "--max_steps", HALF, "--data_seed", "1")
    mean = row.trial.folder / "mean"
    row.trial.run("average", row.model, other, "-r", mean)
    scores = open_engine(mean).tag(row.tokens).scores
    if not np.isfinite(list(chain.from_iterable(scores))).all():
        raise BugError("the averaged model gives NaN")
    return ""


def export(row: Row, export_format: str, quantize: str = "none") -> str:
    """The exported model gives the tags of the original; what int8 costs, only real weights can show."""
    target = row.trial.folder / f"{export_format}-{quantize}"
    command = ["export", "-m", row.model, "-r", target, "--export_format", export_format, "--quantize", quantize]
    command += ["--test_file", row.gold_file, "--calibration_file", row.train_file]
    try:
        warnings = row.trial.run(*command, *(["--max_f1_drop", "1"] if quantize == "int8" else []))
    except RefusedError as refusal:
        if not str(refusal).startswith(f"{export_format}"):
            raise
        found = re.search("outputs are NaN|tags depend on the batch", str(refusal))
        raise NoError(f"the gate refuses it: {found[0] if found else 'other tags than the original'}") from refusal
    gate = json.loads((target / "export.json").read_text())["notes"]["gate"]
    equal = next(entry["equal_tags"] for entry in gate if entry["variant"] == export_format)
    if equal < 1 and quantize == "none":
        raise NoError("most tags are those of the original, but not all")
    return pick(warnings, "must not depend on the batch")


BASIC: dict[str, Callable[[Row], str]] = {
    "trains": check_training,
    "packs": check_packing,
    "bf16": check_bf16,
    "batches": check_batches,
    "Predictor": check_predictor,
    "resumes": check_resuming,
    "pipeline": check_pipeline,
    "archive": check_archive,
    "deep head": check_deep_head,
    "average": check_average,
}
EXPORTS: dict[str, Callable[[Row], str]] = {
    "OpenVINO": lambda row: export(row, "openvino"),
    "ONNX": lambda row: export(row, "onnx"),
    "int8": lambda row: export(row, "openvino", "int8"),
}
COLUMNS = BASIC | EXPORTS
