"""`token_classification check` and `run_ner.py --check_only`: what is printed and written, and the exit codes."""

import json
import os
import re
import time
from html.parser import HTMLParser

import pytest
from conftest import ROOT, SENTENCES, write_sentences
from data_sets import save_conll2003

import run_ner
from token_classification import cli
from token_classification.data.formats import read_sentences
from token_classification.exit_codes import run_command

LONG = (" ".join(["office"] * 80), " ".join(["O"] * 80))
SILENT = ("so \x07 what", "O O O")
"""A word that the tiny tokenizer gives nothing for"""


def check(*arguments: object) -> int:
    return run_command(cli.run, ["check", *map(str, arguments)])


def run_check_only(model: object, *arguments: object) -> int:
    flags = ["--model_name_or_path", model, "--check_only", "--use_cpu", *arguments]
    return run_command(run_ner.main, list(map(str, flags)))


@pytest.fixture
def broken_file(tmp_path):
    path = write_sentences(tmp_path / "train.conll")
    path.write_text(path.read_text().replace("Where\tO", "Where\tI-ORG", 1).replace("asked\tO", "asked"))
    return path


def test_clean_files_end_with_0(capsys):
    assert check(*(ROOT / "sample" / f"{split}.conll" for split in ("train", "dev", "test"))) == 0
    output = capsys.readouterr().out
    assert "train   validation         test" in output
    assert output.endswith("Tag scheme: iob2\n\n0 errors, 0 warnings, 0 notes\n")


def test_warnings_end_with_1_and_errors_with_2(tmp_path, broken_file, capsys):
    doubtful = write_sentences(tmp_path / "dev.conll", [("Caf\ufffd", "O")])
    assert check(doubtful) == 1
    assert check(doubtful, broken_file) == 2
    output = capsys.readouterr().out
    assert "error: words without a tag (missing_tag): 1\n" in output
    assert f"  {broken_file}:38: 'I-ORG' at the start of the sentence (word 'Where'); accepted in" in output
    assert output.endswith("2 errors, 1 warning, 0 notes\n")


def test_ten_examples_of_each_kind_are_listed(tmp_path, capsys):
    path = write_sentences(tmp_path / "a.conll", [("Caf\ufffd", "O")] * 25)
    check(path)
    assert capsys.readouterr().out.count(f"{path}:") == 10
    check(path, "--json", tmp_path / "a.json")
    assert "  ... and 15 more of this kind\n" in capsys.readouterr().out
    (finding,) = json.loads((tmp_path / "a.json").read_text())["findings"]
    assert (finding["kind"], finding["severity"], finding["count"]) == ("odd_word", "warning", 25)
    assert [example["line"] for example in finding["examples"]] == list(range(1, 20, 2))


class Page(HTMLParser):
    """Open elements, and what the page takes from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.outside += [value for name, value in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(tmp_path, broken_file):
    write_sentences(tmp_path / "dev.conll", [("<script>\u200b", "O")])
    assert check(broken_file, tmp_path / "dev.conll", "--html", tmp_path / "report" / "check.html") == 2
    page = Page()
    text = (tmp_path / "report" / "check.html").read_text(encoding="utf-8")
    page.feed(text)
    assert (page.open, page.outside) == ([], [])
    assert "<script>" not in text
    assert "missing_tag" in text
    assert "url(" not in text


def test_a_repair_ends_with_the_code_of_the_copies(tmp_path, broken_file, capsys):
    assert check(broken_file, "--repair", tmp_path / "out") == 2
    assert (
        f"{tmp_path}/out/train.conll: repaired: tag sequence 1; changes: train.conll.diff" in capsys.readouterr().out
    )
    assert check(broken_file, "--repair", tmp_path / "out", "--discard", "--scheme", "bilou") == 0
    output = capsys.readouterr().out
    assert "repaired: tag sequence 7; 1 sentence left out; changes: train.conll.diff" in output
    assert "Left in the copies: 0 errors, 0 warnings, 0 notes" in output
    assert read_sentences(tmp_path / "out" / "train.conll").tags[0][:2] == ["B-PER", "L-PER"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--discard"], "--discard says how to repair: give --repair FOLDER as well."),
        (["--scheme", "iob2"], "--scheme iob2 says how to repair"),
        (["--scheme", "iob3"], "invalid choice: 'iob3'"),
        (["no-such-file.conll"], "no-such-file.conll: no such file"),
        (["--model", "no-such-model"], "no-such-model"),
    ],
)
def test_mistakes_of_the_user(tmp_path, conll_file, flags, message, capsys):
    assert check(conll_file, *flags) == 2
    assert message in capsys.readouterr().err


def test_a_model_adds_what_its_tokenizer_finds(tmp_path, bert_folder, capsys):
    path = write_sentences(tmp_path / "test.conll", [*SENTENCES, LONG, SILENT])
    assert check(path, "--model", bert_folder) == 1
    output = capsys.readouterr().out
    assert f"  {path}:146: '\\x07' has no sub-tokens with this tokenizer" in output
    assert f"  {path}:64: 80 sub-tokens, and 62 fit into the window" in output
    check(path, "--model", bert_folder, "--max_seq_length", "7")
    assert "and 5 fit into the window" in capsys.readouterr().out


def test_check_only_checks_the_splits_of_the_run(tmp_path, bert_folder, broken_file, capsys):
    held_back = write_sentences(tmp_path / "held-back.conll", [SENTENCES[0], LONG])
    assert run_check_only(bert_folder, "--train_file", held_back, "--do_train", "--output_dir", tmp_path / "no") == 0
    assert not (tmp_path / "no").exists()
    capsys.readouterr()
    assert run_check_only(bert_folder, "--train_file", broken_file, "--test_file", held_back) == 2
    output = capsys.readouterr().out
    assert "leakage" in output
    assert f"{broken_file}:38: 'I-ORG' at the start" in output
    assert f"{held_back}:11: 80 sub-tokens" in output


def test_check_only_checks_a_data_set(tmp_path, bert_folder, capsys):
    save_conll2003(tmp_path / "conll2003")
    assert run_check_only(bert_folder, "--dataset_name", tmp_path / "conll2003") == 1
    output = capsys.readouterr().out
    assert f"{tmp_path}/conll2003/train:1: 'Anna Smith moved" in output
    assert "leakage" in output


def test_costs_a_small_multiple_of_reading(tmp_path, capsys):
    text = (ROOT / "sample" / "train.conll").read_text()
    path = tmp_path / "train.conll"
    path.write_text("".join(text.replace("\t", f"{number}\t") for number in range(2)))

    def seconds(step) -> float:
        start = time.process_time()
        step()
        return time.process_time() - start

    ratios = [seconds(lambda: check(path)) / seconds(lambda: read_sentences(path)) for _ in range(3)]
    assert sorted(ratios)[1] < 20


@pytest.fixture
def two_files(tmp_path, monkeypatch):
    """`train.conll` and `dev.conll` in the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("train.conll", "dev.conll"):
        write_sentences(tmp_path / name)
    return tmp_path


def read_folder(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "train.conll", "dev.conll"],  # a forgotten name: the data file takes its place
        ["--html", "train.conll", "dev.conll"],
        ["train.conll", "--json", "train.conll"],
        ["train.conll", "--json", "link.json"],
        ["train.conll", "--json", "hard.json"],
        ["dev.conll", "--json", "new.json", "--html", "./new.json"],
        ["dev.conll", "--repair", "."],
        ["t.json", "--repair", "."],
        ["t.json", "t.jsonl", "--repair", "out"],
        ["train.conll", "--repair", "out", "--json", "out/train.conll"],
    ],
)
def test_no_file_is_lost_to_a_report_or_a_copy(two_files, arguments, capsys):
    (two_files / "link.json").symlink_to("train.conll")
    (two_files / "hard.json").hardlink_to(two_files / "train.conll")
    for name in ("t.json", "t.jsonl"):
        (two_files / name).write_text('[{"tokens": ["Anna"], "tags": ["B-PER"]}]')
    (two_files / "t.jsonl").write_text('{"tokens": ["Bob"], "tags": ["O"]}\n')
    before = read_folder(two_files)
    assert check(*arguments) == 2
    assert read_folder(two_files) == before
    assert re.search("train.conll|link.json|hard.json|new.json|dev.conll|t.jsonl", capsys.readouterr().err)


def test_a_report_replaces_that_of_an_earlier_check_and_nothing_else(two_files, capsys):
    (two_files / "mine.json").write_text("{}")
    assert check("dev.conll", "--json", "mine.json") == 2
    assert "mine.json" in capsys.readouterr().err
    assert (two_files / "mine.json").read_text() == "{}"
    for _ in range(2):
        assert check("dev.conll", "--json", "new.json", "--html", "new.html", "--repair", "out") == 0


def test_findings_may_go_to_a_pipe(two_files):
    os.mkfifo("pipe")
    handle = os.open("pipe", os.O_RDWR)  # both ends: neither waits for the other
    try:
        assert check("dev.conll", "--json", "pipe") == 0
        assert b'"findings": []' in os.read(handle, 65_536)
    finally:
        os.close(handle)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "afile/new.json"],
        ["--json", "/proc/nowhere/new.json"],
        ["--json", "new.json", "--html", "adir"],
        ["--json", "new.json", "--repair", "afile"],
        ["--json", "/dev/full"],
    ],
)
def test_a_place_that_can_not_be_written_is_one_message_and_nothing_is_written(two_files, arguments, capsys):
    (two_files / "afile").write_text("precious")
    (two_files / "adir").mkdir()
    assert check("dev.conll", *arguments) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert message.count("\n") == 1
    assert arguments[-1] in message
    assert (two_files / "afile").read_text() == "precious"
    assert not (two_files / "new.json").exists()


def test_the_labels_of_one_annotator_are_checked(tmp_path, capsys):
    path = tmp_path / "answers.jsonl"
    answers = [{"text": "Anna left", "_annotator_id": name, "answer": "accept"} for name in ("ann", "bob")]
    answers[0]["spans"] = [{"start": 0, "end": 3, "label": "PER"}]
    path.write_text("".join(json.dumps(answer) + "\n" for answer in answers))
    assert check(path) == check(path, "--annotator", "ann") == 2
    assert "PER 'Ann'" in capsys.readouterr().out
    assert check(path, "--annotator", "bob") == 0
