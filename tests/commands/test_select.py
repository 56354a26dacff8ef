"""`infer --select` by flags: fewer texts in, the most uncertain first, in every format."""

import json

import pyarrow.parquet as pq
import pytest
from conftest import SENTENCES, write_sentences

from token_classification import cli
from token_classification.exit_codes import run_command

TEXTS = [words for words, _ in SENTENCES]


def infer(*arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    return run_command(cli.run, ["infer", *map(str, arguments)])


@pytest.fixture
def source(tmp_path):
    """Texts with ids, one of them twice and one line of them broken."""
    lines = [json.dumps({"text": text, "id": place}) for place, text in enumerate([*TEXTS, TEXTS[0]])]
    lines.insert(4, "{broken")
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("way", ["uncertain", "diverse", "random"])
def test_selected_texts_are_tagged_as_all_of_them_are(way, tagger_folder, source, tmp_path, capsys):
    common = ["-m", tagger_folder, "--input_file", source]
    assert infer(*common, "-r", tmp_path / "all") == 0
    assert infer(*common, "-r", tmp_path / "some", "--select", way, "--budget", 3) == 0
    assert f"3 of 9 texts selected ({way})" in capsys.readouterr().err
    entities = {row["id"]: row["entities"] for row in read(tmp_path / "all" / "predictions.jsonl")}
    rows = read(tmp_path / "some" / "predictions.jsonl")
    assert [row["selection_rank"] for row in rows] == [1, 2, 3]
    for row in rows:
        assert [(e["start"], e["label"]) for e in row["entities"]] == [
            (e["start"], e["label"]) for e in entities[row["id"]]
        ]
    assert [error["line"] for error in read(tmp_path / "some" / "predictions.errors.jsonl")] == [5]


def test_labelled_files_of_several_formats_are_left_out(tagger_folder, source, tmp_path, capsys):
    conll = write_sentences(tmp_path / "train.conll", SENTENCES[:2])
    spans = tmp_path / "more.jsonl"
    spans.write_text(json.dumps({"text": TEXTS[2].upper(), "spans": []}) + "\n")
    flags = ["--select", "uncertain", "--budget", 9, "--labelled_file", conll, "--labelled_file", spans]
    assert infer("-m", tagger_folder, "--input_file", source, "-r", tmp_path / "out", *flags) == 0
    assert sorted(row["id"] for row in read(tmp_path / "out" / "predictions.jsonl")) == [3, 4, 5, 6, 7]
    assert "4 are labelled already" in capsys.readouterr().err


def test_reasons_are_columns_of_parquet(tagger_folder, source, tmp_path):
    flags = ["--select", "uncertain", "--budget", 2, "--output_format", "parquet"]
    assert infer("-m", tagger_folder, "--input_file", source, "-r", tmp_path / "out", *flags) == 0
    table = pq.read_table(tmp_path / "out" / "predictions.parquet").to_pydict()
    assert table["selection_rank"] == [1, 2]
    assert table["selection_score"] == sorted(table["selection_score"], reverse=True)
    assert all(isinstance(word, str) for words in table["selection_words"] for word in words)


def test_a_run_goes_on_only_with_the_same_selection(tagger_folder, source, tmp_path, capsys):
    command = ["-m", tagger_folder, "--input_file", source, "-r", tmp_path / "out", "--select", "random"]
    assert infer(*command, "--budget", 2) == 0
    assert infer(*command, "--budget", 2, "--resume") == 0
    assert infer(*command, "--budget", 3, "--resume") == 2
    assert "selection: random, budget 2" in capsys.readouterr().err


MISTAKES = {
    "no budget": (["--select", "uncertain"], "--select uncertain: how many texts? Add --budget N"),
    "budget 0": (["--select", "uncertain", "--budget", "0"], "--budget 0: accepted is a number of texts from 1 on"),
    "no selection": (["--budget", "5"], "--budget: only for a selection; add --select"),
    "labelled only": (["--labelled_file", "a.conll"], "--labelled_file: only for a selection"),
    "way": (["--select", "best", "--budget", "5"], "invalid choice: 'best'"),
    "no labelled file": (
        ["--select", "random", "--budget", "5", "--labelled_file", "absent.conll"],
        "absent.conll: no such file",
    ),
    "all labelled": (
        ["--select", "random", "--budget", "5", "--labelled_file", "LABELLED"],
        "none of the 9 texts can be selected",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named_and_nothing_is_written(mistake, tagger_folder, source, tmp_path, capsys):
    flags, expected = MISTAKES[mistake]
    labelled = str(write_sentences(tmp_path / "all.conll", SENTENCES))
    flags = [labelled if value == "LABELLED" else value for value in flags]
    assert infer("-m", tagger_folder, "--input_file", source, "-r", tmp_path / "out", *flags) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert "Traceback" not in error
    assert not (tmp_path / "out" / "predictions.jsonl").exists()


def test_texts_on_the_command_line_are_not_selected_from(tagger_folder, capsys):
    assert infer("-m", tagger_folder, "--select", "random", "--budget", "1", "Anna") == 2
    assert "selects from a file; give --input_file FILE" in capsys.readouterr().err
