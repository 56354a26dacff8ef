"""The doctor on files of annotation tools: spans that cut words, overlap or mark nothing, and the rest of the file."""

import json

import pytest

from token_classification import cli
from token_classification.data.formats import read_sentences
from token_classification.exit_codes import run_command

TEXT = "Anna Smith left New York."
SOUND = [[0, 10, "PER"], [16, 24, "LOC"]]
RECORDS = [
    {"id": "a", "text": TEXT, "label": SOUND},
    {"id": "b", "text": TEXT, "label": [[1, 10, "PER"]]},
    {"id": "c", "text": TEXT, "label": [[16, 24, "LOC"], [20, 24, "NAME"]]},
    {"id": "d", "text": TEXT, "label": [[20, 99, "LOC"]]},
    {"id": "e", "text": 7, "label": []},
]


def write(folder, records):
    path = folder / "train.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_each_kind_is_found_with_its_line(tmp_path, capsys):
    path = write(tmp_path, RECORDS)
    assert run_command(cli.run, ["check", str(path), "--json", str(tmp_path / "check.json")]) == 2
    findings = json.loads((tmp_path / "check.json").read_text())["findings"]
    places = {finding["kind"]: [problem["line"] for problem in finding["examples"]] for finding in findings}
    assert places["cut_word"] == [2]
    assert places["overlapping_spans"] == [3]
    assert places["broken_span"] == [4]
    assert places["broken_record"] == [5]
    assert "document 'b': PER 'nna Smith' (characters 1 to 10) cuts a word of 'Anna Smith'" in capsys.readouterr().out


def test_sound_annotations_are_checked_like_any_others(tmp_path, capsys):
    assert run_command(cli.run, ["check", str(write(tmp_path, RECORDS[:1]))]) == 0
    shown = capsys.readouterr().out
    assert "PER" in shown
    assert "LOC" in shown


@pytest.mark.parametrize("scheme", ["iobes", "bilou"])
def test_a_corrected_copy_has_words_and_tags(tmp_path, scheme):
    path = write(tmp_path, RECORDS[:1])
    assert run_command(cli.run, ["check", str(path), "--repair", str(tmp_path / "out"), "--scheme", scheme]) == 0
    last = {"iobes": "E", "bilou": "L"}[scheme]
    expected = ["B-PER", f"{last}-PER", "O", "B-LOC", f"{last}-LOC", "O"]
    assert read_sentences(tmp_path / "out" / "train.jsonl").tags == [expected]
