"""`redact` by flags: on the screen, in files, and back."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from table_model import save_table

from token_classification import cli
from token_classification.exit_codes import run_command

PERSON, PLACE = {"B-PER": 9.0}, {"B-LOC": 9.0}
ROWS = {"Mira": PERSON, "Tol": PERSON, "Zoë": PERSON, "Ber": PLACE, "Wen": PLACE}
TEXTS = ["Mira met Tol in Ber .", "Zoë met Mira .", "in Wen , nobody", "Mira , Mira"]

pytestmark = pytest.mark.usefixtures("cheap_scrypt")


def redact(*arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    return run_command(cli.run, ["redact", *map(str, arguments)])


@pytest.fixture(scope="module")
def tagger_folder(tmp_path_factory) -> Path:
    """A model that knows the names."""
    return save_table(tmp_path_factory.mktemp("model"), ROWS)


@pytest.fixture
def key(tmp_path) -> str:
    (tmp_path / "a.key").write_text("0123456789abcdef\n")
    return f"@{tmp_path / 'a.key'}"


@pytest.fixture
def texts(tmp_path) -> Path:
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS))
    return tmp_path / "texts.txt"


def test_texts_go_to_the_screen(tagger_folder, capsys):
    assert redact("-m", tagger_folder, TEXTS[0]) == 0
    printed = capsys.readouterr().out
    assert printed == "[PER] met [PER] in [LOC] .\n"


@pytest.mark.parametrize("mode", ["mask", "number", "pseudonym", "hash"])
def test_a_file_comes_back(mode, tagger_folder, texts, key, tmp_path, capsys):
    if mode == "pseudonym":
        pytest.importorskip("faker", reason='needs the extra "redact"')
    out, back = tmp_path / "out", tmp_path / "back"
    arguments = ("-m", tagger_folder, "--input_file", texts, "-r", out, "--mode", mode, "--key", key, "--mapping")
    assert redact(*arguments) == 0
    captured = capsys.readouterr()
    redacted = (out / "redacted.txt").read_text()
    assert not re.search("Mira|Tol|Zoë|Ber|Wen", redacted + captured.out + captured.err)
    assert {path.name for path in out.iterdir()} == {
        "redacted.txt",
        "redacted.mapping",
        "redacted.report.json",
        "predictions.progress.json",
    }
    report = json.loads((out / "redacted.report.json").read_text())
    assert (report["mode"], report["documents"], report["documents_with_replacements"]) == (mode, 4, 4)
    assert report["replaced"] == {"LOC": 2, "PER": 6}
    assert report["threshold"] == {"LOC": 0.0, "PER": 0.0}
    assert "leaks" not in report
    assert (
        redact("--restore", out / "redacted.mapping", "--input_file", out / "redacted.txt", "--key", key, "-r", back)
        == 0
    )
    assert (back / "restored.txt").read_bytes() == texts.read_bytes()
    assert "it is the input, byte for byte" in capsys.readouterr().err
    assert redact(*arguments, "--resume") == 0


def test_the_operating_point_of_a_high_recall_is_used_and_said(tagger_folder, tmp_path, capsys, monkeypatch):
    from token_classification import Predictor
    from token_classification.inference.calibration_record import UNCALIBRATED, OperatingPoint

    open_model = Predictor.from_pretrained.__func__

    def open_calibrated(cls, *arguments, **settings):
        point = OperatingPoint({"PER": 0.25, "LOC": 1.0})
        calibration = replace(UNCALIBRATED, operating_points={"high_recall": point})
        return replace(open_model(cls, *arguments, **settings), calibration=calibration)

    assert redact("-m", tagger_folder, TEXTS[0]) == 0
    captured = capsys.readouterr()
    assert "no operating point high_recall, so everything that it tags is replaced" in captured.err
    assert "token_classification calibrate -m" in captured.err
    monkeypatch.setattr(Predictor, "from_pretrained", classmethod(open_calibrated))
    assert redact("-m", tagger_folder, TEXTS[0]) == 0
    captured = capsys.readouterr()
    assert captured.out == "[PER] met [PER] in Ber .\n"
    assert "Operating point high_recall: what scores below LOC 1, PER 0.25 is not replaced" in captured.err
    assert redact("-m", tagger_folder, TEXTS[0], "--threshold", 0) == 0
    captured = capsys.readouterr()
    assert captured.out == "[PER] met [PER] in [LOC] .\n"
    assert "perating point" not in captured.err


def test_gold_labels_give_the_leak_rate(tagger_folder, tmp_path, capsys):
    rows = ["Mira B-PER", "met O", "Kas B-PER", "", "Ber B-LOC", "Zoë B-PER"]
    (tmp_path / "test.conll").write_text("\n".join(rows).replace(" ", "\t") + "\n")
    assert redact("-m", tagger_folder, "--input_file", tmp_path / "test.conll", "-r", tmp_path / "out") == 0
    leaks = json.loads((tmp_path / "out" / "redacted.report.json").read_text())["leaks"]
    assert {label: (leak["gold"], leak["leaked"]) for label, leak in leaks.items()} == {
        "LOC": (1, 0),
        "PER": (3, 1),
        "all": (4, 1),
    }
    assert all(leak["interval"][0] <= leak["rate"] <= leak["interval"][1] for leak in leaks.values())
    assert re.search(r"label +gold +leaked +rate % +at least +at most\n", capsys.readouterr().out)


MISTAKES = {
    (): "redact needs TEXT or --input_file FILE, only one of them; neither is given",
    ("Anna", "--mode", "hash"): "--mode hash: needs a key; type --key @FILE",
    ("Anna", "--mode", "pseudonym"): "--mode pseudonym: needs a key",
    ("Anna", "--key", "secret"): "--key: every user of this machine can read a key that is typed; accepted is @FILE",
    ("Anna", "--scope", "run"): "--scope run --mode mask: accepted with --mode pseudonym",
    ("Anna", "--labels", "PERSON"): "--labels PERSON: the model has no such label; accepted are LOC, PER",
    ("Anna", "-r", "out"): "--mapping and -r: texts on the command line go to the screen",
    ("--input_file", "texts.txt"): "-r DIR is missing",
}


@pytest.mark.parametrize(("arguments", "message"), MISTAKES.items(), ids=str)
def test_mistakes_end_with_what_to_type(arguments, message, tagger_folder, texts, capsys, monkeypatch):
    monkeypatch.chdir(texts.parent)
    assert redact("-m", tagger_folder, *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "secret" not in error.replace("--key secret", "")


def test_a_short_key_is_refused(tagger_folder, tmp_path, capsys):
    (tmp_path / "a.key").write_text("pea\n")
    assert redact("-m", tagger_folder, "Anna", "--mode", "hash", "--key", f"@{tmp_path / 'a.key'}") == 2
    error = capsys.readouterr().err
    assert "a key of 3 characters; accepted is @FILE" in error
    assert "pea" not in error


def test_restoring_says_what_is_missing(tmp_path, capsys):
    assert redact("--restore", "a.mapping", "--input_file", "a.txt") == 2
    assert "--restore: --key @FILE, -r DIR is missing; accepted: --restore MAPPING" in capsys.readouterr().err
    assert redact("--restore", "m", "--input_file", "a", "--key", "@k", "-r", tmp_path / "x", "--mode", "mask") == 2
    assert "--restore: --mode has no meaning with it" in capsys.readouterr().err


def test_another_key_restores_nothing(tagger_folder, texts, key, tmp_path, capsys):
    out = tmp_path / "out"
    assert redact("-m", tagger_folder, "--input_file", texts, "-r", out, "--key", key, "--mapping") == 0
    (tmp_path / "b.key").write_text("fedcba9876543210\n")
    arguments = ("--restore", out / "redacted.mapping", "--input_file", out / "redacted.txt")
    assert redact(*arguments, "--key", f"@{tmp_path / 'b.key'}", "-r", tmp_path / "back") == 2
    assert "the key does not fit" in capsys.readouterr().err
    assert not (tmp_path / "back" / "restored.txt").exists()
