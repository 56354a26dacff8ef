"""One model gives one answer: every way to use it reads with the window and the decoder that it was trained with."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import SENTENCES, write_sentences

from token_classification import Predictor, cli, story
from token_classification.exit_codes import run_command
from token_classification.inference.engine import open_engine

WORDS = [*(words.split() for words, _ in SENTENCES), " ".join(words for words, _ in SENTENCES).split()]
"""The last sentence is longer than the window"""
WINDOW = 16


def run(*arguments: object) -> None:
    """Run a command of either program in this process."""
    program, *argv = map(str, arguments)
    command = story.main if program == "run_ner" else lambda argv: cli.run([program, *argv])
    assert run_command(command, argv) == 0


def read_tags(folder: Path) -> list[list[str]]:
    """The predicted tags of a `predictions.conll`."""
    sentences = (folder / "predictions.conll").read_text(encoding="utf-8").strip().split("\n\n")
    return [[line.split("\t")[-1] for line in sentence.splitlines()] for sentence in sentences]


@pytest.fixture(scope="module")
def test_file(tmp_path_factory) -> Path:
    """The sentences as words with tags of the model's."""
    rows = [(" ".join(words), " ".join(["O", "B-PER", *["O"] * len(words)][: len(words)])) for words in WORDS]
    return write_sentences(tmp_path_factory.mktemp("data") / "test.conll", rows)


@pytest.fixture(scope="module")
def model(tmp_path_factory, tagger_folder) -> Path:
    """A model that was trained with a short window and Viterbi."""
    folder = tmp_path_factory.mktemp("model") / "trained"
    shutil.copytree(tagger_folder, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"tag_window": WINDOW, "tag_decoder": "viterbi"}))
    return folder


def list_answers(model: Path, test_file: Path, folder: Path) -> dict[str, list[list[str]]]:
    """The tags of the sentences, by every way that an exported model knows, too."""
    spec = folder / "data"
    spec.mkdir(parents=True)
    sentences = [sentence.splitlines() for sentence in test_file.read_text().strip().split("\n\n")]
    for kind, column in (("text", 0), ("labels", 1)):
        lines = [" ".join(line.split("\t")[column] for line in sentence) for sentence in sentences]
        (spec / f"{kind}_dev.txt").write_text("".join(f"{line}\n" for line in lines))
    run("evaluate", "-m", model, "-r", folder / "evaluate", f"data_dir={spec}")
    run("evaluate", "-m", model, "-r", folder / "evaluate-flags", "--test_file", test_file, "--report", "false")
    run("infer", "-m", model, "-r", folder / "infer", f"input_file={test_file}", "output_format=conll")
    run("infer", "-m", model, "-r", folder / "infer-flags", "--input_file", test_file, "--output_format", "conll")
    predictor = Predictor.from_pretrained(model)
    return {
        **{name: read_tags(folder / name) for name in ("evaluate", "evaluate-flags", "infer", "infer-flags")},
        "Predictor": [tagged.tags for tagged in predictor.tag_texts(WORDS)],
        "Engine": open_engine(model).tag(WORDS).tags,
    }


def test_a_model_gives_one_answer(model, tagger_folder, test_file, tmp_path):
    answers = list_answers(model, test_file, tmp_path / "answers")
    common = ["--model_name_or_path", model, "--validation_file", test_file, "--test_file", test_file, "--use_cpu"]
    run("run_ner", *common, "--do_predict", "--output_dir", tmp_path / "predict")
    run("run_ner", *common, "--do_eval", "--output_dir", tmp_path / "eval")
    answers |= {"predict": read_tags(tmp_path / "predict"), "eval": read_tags(tmp_path / "eval" / "report")}
    assert all(tags == answers["Engine"] for tags in answers.values())
    # The window and the decoder of the training make a difference, and can be asked for.
    without = open_engine(tagger_folder).tag(WORDS).tags
    for settings in ({"max_seq_length": WINDOW}, {"decoder": "viterbi"}):
        assert open_engine(tagger_folder, **settings).tag(WORDS).tags != without
    assert open_engine(tagger_folder, max_seq_length=WINDOW, decoder="viterbi").tag(WORDS).tags == answers["Engine"]
    assert open_engine(model, max_seq_length=-1, decoder="argmax").tag(WORDS).tags == without


def test_its_export_gives_the_same(model, tagger_folder, test_file, tmp_path):
    pytest.importorskip("onnxruntime", reason='needs the extra "export"')
    run("export", "-m", model, "-r", tmp_path / "exported", "--export_format", "onnx")
    answers = list_answers(tmp_path / "exported", test_file, tmp_path / "answers")
    assert all(tags == open_engine(model).tag(WORDS).tags for tags in answers.values())
