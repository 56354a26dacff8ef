"""Which command lines are this dialect's, and what in them is a key of it."""

from argparse import Namespace

import pytest

from token_classification import cli
from token_classification.tao.archive.key import KEY_VARIABLE
from token_classification.tao.command_flags import speaks_tao


@pytest.fixture(autouse=True)
def _no_key_in_the_environment(monkeypatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


def find_module(*argv: str) -> str:
    """The module that a command line runs."""
    command, _ = cli.parse(argv)
    return command.__name__.removeprefix("token_classification.")


@pytest.mark.parametrize(
    "argv",
    [
        ["export", "-m", "FOLDER", "-r", "out", "-k", "secret"],
        ["export", "-m", "FOLDER", "-r", "out", "export_format=ONNX"],
        ["infer", "-e", "spec.yaml", "-m", "FOLDER", "-r", "out"],
        ["infer_onnx", "-m", "ARCHIVE", "-r", "out", "--input_file", "x.txt"],
        ["evaluate", "-m", "FOLDER", "-r", "out", "-g", "2", "--test_file", "x.conll"],
    ],
)
def test_what_only_this_dialect_has_makes_a_command_line_its_own(argv, tmp_path):
    (tmp_path / "model.tlt").write_bytes(b"")
    places = {"FOLDER": str(tmp_path), "ARCHIVE": str(tmp_path / "model.tlt")}
    argv = [places.get(part, part) for part in argv]
    assert find_module(*argv) == f"tao.{argv[0].removesuffix('_onnx')}"


def test_flags_alone_are_not(tmp_path):
    assert find_module("export", "-m", str(tmp_path), "-r", "out", "--quantize", "none") == "commands.export"
    assert find_module("infer", "-m", str(tmp_path), "-r", "out", "--input_file", "x.txt") == "commands.infer"


def test_a_key_in_the_environment_seals_an_export_as_a_typed_one_does(tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    assert find_module("export", "-m", str(tmp_path), "-r", "out", "--quantize", "none") == "tao.export"
    assert find_module("infer", "-m", str(tmp_path), "-r", "out", "--input_file", "x.txt") == "commands.infer"


def test_overrides_are_told_from_texts_to_tag():
    texts = ["words=blanks", "Anna = Berlin", "+model.decoder=viterbi", "~trainer", "a b", "2=3"]
    options = Namespace(texts=texts, command="infer", key=None, experiment_spec=None, gpus=None)
    assert speaks_tao(options)
    assert options.overrides == ["words=blanks", "+model.decoder=viterbi", "~trainer"]
    assert options.texts == ["Anna = Berlin", "a b", "2=3"]
