"""`convert --levels`: nested spans as columns of tags, and back."""

import json

import pytest

from token_classification import cli
from token_classification.data.formats import read_sentences
from token_classification.exit_codes import run_command


def write(folder, *records):
    path = folder / "in.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def convert(*words):
    return run_command(cli.run, ["convert", *map(str, words)])


LEVELS = [
    {
        "id": 1,
        "text": "Acme Berlin Ltd left Berlin",
        "label": [[0, 15, "ORG"], [5, 11, "LOC"], [0, 4, "PER"], [21, 27, "LOC"]],
    },
    {"id": 2, "text": "Bob too", "label": [[0, 3, "PER"]]},
]
DEEPER = {"id": 3, "text": "a b c", "label": [[0, 5, "X"], [0, 3, "Y"], [0, 1, "Z"]]}


@pytest.mark.parametrize("target", ["conll", "jsonl"])
def test_nested_spans_have_a_column_of_tags_for_each_level_and_come_back(tmp_path, target):
    source, tagged = write(tmp_path, *LEVELS), tmp_path / f"tagged.{target}"
    assert convert(source, tagged, "--to", target, "--levels", 2) == 0
    names = ("1", "2") if target == "conll" else ("ner_tags", "inner_ner_tags")
    outer, inner = (read_sentences(tagged, label_column=name).tags for name in names)
    assert outer == [["B-ORG", "I-ORG", "I-ORG", "O", "B-LOC"], ["B-PER", "O"]]
    assert inner == [["B-PER", "B-LOC", "O", "O", "O"], ["O", "O"]]
    back = tmp_path / "back.jsonl"
    assert convert(tagged, back, "--to", "spans", "--label_column_name", ",".join(names)) == 0
    spans = [json.loads(line)["spans"] for line in back.read_text().splitlines()]
    found = [{(span["start"], span["end"], span["label"]) for span in row} for row in spans]
    assert found == [{tuple(span) for span in record["label"]} for record in LEVELS]


def test_spans_deeper_than_the_levels_are_named(tmp_path, capsys):
    source, target = write(tmp_path, *LEVELS, DEEPER), tmp_path / "out.conll"
    assert convert(source, target, "--to", "conll", "--levels", 2) == 2
    error = capsys.readouterr().err
    assert f"{source}:3: document '3': Z 'a' (characters 0 to 1) is on level 3; accepted: 2 levels" in error
    assert "--levels 3" in error
    assert not target.exists()
    assert convert(source, target, "--to", "conll", "--levels", 3) == 0
    assert read_sentences(target, label_column="3").tags[-1] == ["B-Z", "O", "O"]


def test_spans_deeper_than_the_levels_are_left_out_by_name(tmp_path, caplog):
    source, target = write(tmp_path, DEEPER), tmp_path / "out.conll"
    assert convert(source, target, "--to", "conll", "--levels", 2, "--overlaps", "outer") == 0
    assert "1 spans were left out" in caplog.text
    assert "Z 'a' (characters 0 to 1) is on level 3" in caplog.text
    assert [read_sentences(target, label_column=column).tags for column in "12"] == [
        [["B-X", "I-X", "I-X"]],
        [["B-Y", "I-Y", "O"]],
    ]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--to", "doccano", "--levels", 2], "--levels 2 with --to doccano: accepted are conll and jsonl"),
        (["--to", "conll", "--levels", 2, "--overlaps", "inner"], "--overlaps inner: the outermost spans come first"),
        (["--to", "conll", "--levels", 0], "--levels 0: accepted is a number from 1 on"),
    ],
)
def test_levels_that_make_no_sense_are_refused(tmp_path, capsys, flags, message):
    assert convert(write(tmp_path, *LEVELS), tmp_path / "out", *flags) == 2
    assert message in capsys.readouterr().err
