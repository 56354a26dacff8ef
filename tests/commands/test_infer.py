"""`infer` by flags: texts on the screen, files of every format in a file."""

import gzip
import io
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import SENTENCES

from token_classification import cli
from token_classification.commands.infer import format_tagged
from token_classification.commands.model_choice import read_threshold
from token_classification.data.words_of_text import find_words
from token_classification.exit_codes import run_command
from token_classification.inference.answers import OUTPUT_FORMATS
from token_classification.inference.opened_model import BACKENDS
from token_classification.inference.read_records import INPUT_FORMATS

TEXTS = [words for words, _ in SENTENCES]

CASES = {
    "santa clara.": ("B-LOC I-LOC O", "santa[B-LOC] clara[I-LOC]."),
    "(clara),  in\t2021": ("O B-LOC O O O B-TIME", "(clara[B-LOC]), in 2021[B-TIME]"),
    "U.S. -- Anna's": ("B-LOC B-LOC B-PER O", "U.S.[B-LOC] -- Anna[B-PER]'s"),
    "": ("", ""),
}


def infer(*arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    return run_command(cli.run, ["infer", *map(str, arguments)])


def write_as(folder: Path, suffix: str) -> Path:
    """The eight texts in a file of a format."""
    path = folder / f"texts{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.table({"text": TEXTS}), path)
    elif suffix == ".conll":
        path.write_text("".join("\n".join(text.split()) + "\n\n" for text in TEXTS))
    else:
        lines = {
            ".txt": TEXTS,
            ".csv": ["text", *(f'"{text}"' for text in TEXTS)],
            ".jsonl": [json.dumps({"text": text}) for text in TEXTS],
        }[suffix.removesuffix(".gz")]
        content = "\n".join(lines).encode()
        path.write_bytes(gzip.compress(content) if suffix.endswith(".gz") else content)
    return path


def read_answers(folder: Path) -> list[list[tuple]]:
    """Places and labels of the entities of each record."""
    records = map(json.loads, (folder / "predictions.jsonl").read_text().splitlines())
    return [[(entity["start"], entity["end"], entity["label"]) for entity in row["entities"]] for row in records]


@pytest.mark.parametrize("text", CASES)
def test_a_tag_stands_behind_its_word(text):
    tags, expected = CASES[text]
    assert format_tagged(text, find_words(text), tags.split(), "O") == expected


def test_all_formats_have_the_same_entities(tagger_folder, tmp_path, monkeypatch):
    answers = {}
    for suffix in (".txt", ".jsonl", ".jsonl.gz", ".csv", ".conll", ".parquet"):
        source, results = write_as(tmp_path, suffix), tmp_path / f"out{suffix}"
        assert infer("-m", tagger_folder, "-r", results, "--input_file", source) == 0
        answers[suffix] = read_answers(results)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO("\n".join(TEXTS).encode()))))
    assert infer("-m", tagger_folder, "-r", tmp_path / "stdin", "--input_file", "-") == 0
    assert read_answers(tmp_path / "stdin") == answers[".txt"]
    assert sum(map(len, answers[".txt"])) > 5
    assert all(found == answers[".txt"] for found in answers.values())


def test_texts_are_answered_on_the_screen_and_need_no_folder(tagger_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert infer(TEXTS[0], "-m", tagger_folder, TEXTS[1], "--text", "x=Paris") == 0
    output = capsys.readouterr().out
    assert [line for line in output.splitlines() if line.startswith("Query")] == [
        f"Query : {text}" for text in (TEXTS[0], TEXTS[1], "x=Paris")
    ]
    assert list(tmp_path.iterdir()) == []
    assert infer("-m", tagger_folder, "-r", "out", *TEXTS) == 0
    assert "[B-" in (tmp_path / "out" / "predictions.txt").read_text()
    assert len(read_answers(tmp_path / "out")) == len(TEXTS)


def test_what_is_typed_decides(tagger_folder, tmp_path):
    source = write_as(tmp_path, ".jsonl")
    common = ["-m", tagger_folder, "--input_file", source]
    assert infer(*common, "-r", tmp_path / "all") == 0
    assert infer(*common, "-r", tmp_path / "loc", "--threshold", "PER=1.0") == 0
    assert {label for row in read_answers(tmp_path / "loc") for _, _, label in row} == {"LOC"}
    assert infer(*common, "-r", tmp_path / "none", "--threshold", "1.0", "--words", "whitespace") == 0
    assert not any(read_answers(tmp_path / "none"))
    assert infer(*common, "-r", tmp_path / "table", "--output_format", "conll.gz", "--max_seq_length", "8") == 0
    assert gzip.decompress((tmp_path / "table" / "predictions.conll.gz").read_bytes()).startswith(b"Anna\t")


def test_bad_records_are_counted_aloud(tagger_folder, tmp_path, capsys):
    (tmp_path / "in.jsonl").write_text('{"text": "Anna"}\n{broken\n{"text": "Paris"}\n')
    assert infer("-m", tagger_folder, "-r", tmp_path / "out", "--input_file", tmp_path / "in.jsonl") == 0
    assert "1 records could not be tagged" in capsys.readouterr().err
    assert len(read_answers(tmp_path / "out")) == 2
    assert json.loads((tmp_path / "out" / "predictions.errors.jsonl").read_text())["line"] == 2


def test_results_are_kept_unless_the_run_is_to_go_on(tagger_folder, tmp_path, capsys):
    command = ["-m", tagger_folder, "-r", tmp_path / "out", "--input_file", write_as(tmp_path, ".jsonl")]
    assert infer(*command) == 0
    assert infer(*command) == 2
    assert "--resume" in capsys.readouterr().err
    assert infer(*command, "--resume") == 0
    assert infer(*command, "--resume", "--threshold", "0.5") == 2
    assert "threshold: " in capsys.readouterr().err


def test_the_help_names_what_is_accepted(capsys):
    with pytest.raises(SystemExit):
        cli.run(["infer", "-h"])
    words = {word.rstrip(",.") for word in capsys.readouterr().out.split()}
    assert {*OUTPUT_FORMATS, *INPUT_FORMATS, *BACKENDS} <= words


@pytest.mark.parametrize(
    ("text", "threshold"), [("0.8", 0.8), ("PER=0.9,LOC=0.6", {"PER": 0.9, "LOC": 0.6}), ("a=b=1", {"a=b": 1.0})]
)
def test_thresholds(text, threshold):
    assert read_threshold(text) == threshold


MISTAKES = {
    "no texts": ([], "--text TEXT or --input_file FILE"),
    "both": (["--input_file", "a.txt", "Anna"], "both are given"),
    "no folder": (["--input_file", "a.txt"], "-r DIR is missing"),
    "no file": (["--input_file", "a.jsonl", "-r", "out"], "no such file"),
    "format": (["--input_file", "a.txt", "-r", "out", "--output_format", "xml"], "--output_format xml: accepted are"),
    "input format": (["--input_file", "a.txt", "-r", "out", "--input_format", "xml"], "--input_format xml: accepted"),
    "threshold": (["--threshold", "PERS=0.5", "Anna"], "no label PERS"),
    "no threshold": (["--threshold", "high", "Anna"], "high: accepted are 0.8"),
    "words": (["--words", "spacy", "Anna"], "invalid choice: 'spacy'"),
    "backend": (["--backend", "onnx", "Anna"], "--export_format onnx --quantize none"),
    "unknown flag": (["--input_fiel", "a.txt"], "did you mean --input_file?"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_end_with_a_message_and_exit_code_2(mistake, tagger_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments, expected = MISTAKES[mistake]
    assert infer("-m", tagger_folder, *arguments) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert "Traceback" not in error


def test_a_model_is_needed(capsys):
    assert infer("Anna") == 2
    assert "-m/--model MODEL is missing" in capsys.readouterr().err


def test_a_tool_gets_its_file_and_the_log_says_what_it_cannot_hold(tagger_folder, tmp_path, capsys):
    source = write_as(tmp_path, ".txt")
    assert infer("-m", tagger_folder, "-r", tmp_path / "plain", "--input_file", source) == 0
    assert infer("-m", tagger_folder, "-r", tmp_path / "out", "--input_file", source, "--to", "doccano") == 0
    spans = [json.loads(line)["label"] for line in (tmp_path / "out" / "predictions.jsonl").read_text().splitlines()]
    assert [[tuple(span) for span in some] for some in spans] == read_answers(tmp_path / "plain")
    assert f"the model's name ({tagger_folder.name}-" in capsys.readouterr().err


CLASHES = {
    "two formats": (["--to", "brat", "--output_format", "conll"], "--to brat --output_format conll: two formats"),
    "no tool": (["--to", "dokkano"], "--to dokkano: no such format; accepted: "),
    "a tool as format": (["--output_format", "brat"], "for files of tools, type --to brat"),
}


@pytest.mark.parametrize("clash", CLASHES)
def test_what_is_written_is_one_format(tagger_folder, tmp_path, capsys, clash):
    flags, message = CLASHES[clash]
    assert infer("-m", tagger_folder, "-r", tmp_path / "out", "--input_file", write_as(tmp_path, ".txt"), *flags) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_texts_of_the_command_line_do_not_go_to_a_tool(tagger_folder, tmp_path, capsys):
    assert infer("-m", tagger_folder, "-r", tmp_path / "out", "--to", "brat", "Anna left") == 2
    assert "--to brat: texts on the command line go to the screen" in capsys.readouterr().err
