"""Labels with characters that some would take for line ends, and names that are not UTF-8: nothing breaks on them."""

import json
import os
from pathlib import Path

import pytest
from conftest import SENTENCES
from huggingface_hub import ModelCard

import run_ner
from token_classification import cli
from token_classification.data.formats import read_sentences
from token_classification.exit_codes import run_command

LINE_ENDS = "\u2028\x85\x0b\x0c\x1c\r"
ESCAPE = "\x1b[31m"
TYPE = f"P{LINE_ENDS}{ESCAPE}`<b>|R"
"""A type with all of them, with what a terminal obeys, and with what Markdown and HTML know"""
NOT_UTF8 = os.fsdecode(b"caf\xe9.conll")


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    """The eight sentences with such a type, in a file of such a name."""
    hostile = [(words, tags.replace("PER", TYPE)) for words, tags in SENTENCES]
    path = tmp_path_factory.mktemp("caf\udce9") / NOT_UTF8
    path.write_text(
        "\n".join("\n".join(map("\t".join, zip(w.split(" "), t.split(" "), strict=True))) + "\n" for w, t in hostile)
    )
    return path


@pytest.fixture(scope="module")
def trained(file: Path, bert_folder: Path, tmp_path_factory) -> Path:
    """A whole run on them."""
    output = tmp_path_factory.mktemp("run") / "model"
    flags = ["--model_name_or_path", bert_folder, "--output_dir", output, "--do_train", "--do_eval", "--do_predict"]
    files = ["--train_file", file, "--validation_file", file, "--test_file", file]
    learning = ["--max_steps", "2", "--logging_steps", "1", "--use_cpu", "--disable_tqdm", "true"]
    assert run_command(run_ner.main, [*map(str, [*flags, *files, *learning])]) == 0
    return output


def run_tao(*arguments: object) -> int:
    """Run a command of the second dialect in this process."""
    return run_command(cli.run, [*map(str, arguments)])


def assert_printable(text: str) -> None:
    """Nothing in it moves a cursor or ends a line but line ends."""
    assert [character for character in f"{LINE_ENDS}\x1b" if character in text] == []
    assert text.encode("utf-8")


def test_a_run_leaves_everything(trained: Path, file: Path) -> None:
    record = json.loads((trained / "run.json").read_text(encoding="utf-8"))
    assert f"B-{TYPE}" in record["labels"]
    assert record["data"]["train"]["source"] == str(file)
    assert json.loads((trained / "report" / "report.json").read_text(encoding="utf-8"))["source"] == str(file)
    assert read_sentences(trained / "predictions.conll", "0", "1").tags == read_sentences(file).tags


def test_the_text_of_the_report_can_be_printed(trained: Path) -> None:
    text = (trained / "report" / "report.txt").read_bytes().decode("utf-8")
    assert_printable(text)
    assert "P\\u2028\\x85" in text


def test_the_card_shows_the_label_and_obeys_nothing_in_it(trained: Path) -> None:
    card = ModelCard.load(trained / "README.md").text
    assert_printable(card)
    outside_code = "".join(card.split("``")[::2])
    assert "<b>" not in outside_code.replace("\\<b", "")
    rows = [line for line in card.splitlines() if line.startswith("| P\\")]
    assert [line.replace("\\|", "").count("|") for line in rows] == [7, 7]


def test_report_and_compare_and_check_work_on_them(trained: Path, file: Path, tmp_path: Path, capsys) -> None:
    again = trained.parent / os.fsdecode(b"r\xe9port")
    assert run_tao("report", trained, "-r", again, "--train_file", file) == 0
    assert run_tao("compare", trained, again) == 0
    assert run_tao("compare", trained, again, "--json") == 0
    page, record = tmp_path / "check.html", tmp_path / "check.json"
    run_tao("check", file, "--html", page, "--json", record, "--repair", tmp_path / os.fsdecode(b"r\xe9paired"))
    assert json.loads(record.read_text(encoding="utf-8"))["splits"][0]["files"] == [str(file)]
    printed = capsys.readouterr()
    assert_printable(printed.out)
    assert printed.err == ""
    assert_printable(page.read_text(encoding="utf-8"))
    assert "Content-Security-Policy" in page.read_text(encoding="utf-8")
