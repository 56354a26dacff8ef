"""Decisions: what they change in files of every kind, and what is refused."""

import json
import re

import pytest
from beliefs import believe
from conftest import SENTENCES, write_sentences

from token_classification import cli
from token_classification.auditing.audit import apply_decisions
from token_classification.auditing.candidates import find_candidates
from token_classification.auditing.decisions import respell
from token_classification.auditing.fold_training import FoldSettings
from token_classification.auditing.read_file import read_labelled_file
from token_classification.auditing.record import build_record
from token_classification.checking.files import USUAL_COLUMNS
from token_classification.data.entities import Entity
from token_classification.data.formats import read_sentences
from token_classification.data.schemes import Scheme
from token_classification.errors import DataError
from token_classification.exit_codes import run_command

RIGHT = [tags.split() for _, tags in SENTENCES]
WRONG = {0: "B-ORG I-ORG O O B-LOC O B-LOC I-LOC O", 3: "B-PER I-PER O O O O B-PER O"}


def write_json_lines(path, rows):
    """A file of another kind whose copy keeps its lines."""
    records = [{"id": number, "tokens": words.split(), "ner_tags": tags.split()} for number, (words, tags) in rows]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def write_wrong(tmp_path, suffix=".conll"):
    """The sentences with two wrong labels."""
    rows = [(words, WRONG.get(row, tags)) for row, (words, tags) in enumerate(SENTENCES)]
    path = tmp_path / f"wrong{suffix}"
    return write_json_lines(path, enumerate(rows)) if suffix == ".jsonl" else write_sentences(path, rows)


def make_record(path):
    """The record of an audit whose models know what is right."""
    file = read_labelled_file(path, USUAL_COLUMNS)
    return build_record(file, FoldSettings("encoder"), find_candidates(file, believe(file, RIGHT)))


def write_decisions(tmp_path, record, **choices):
    """Decide about all candidates by their kind, and write the decisions."""
    for candidate in record["candidates"]:
        candidate["decision"] = choices.get(candidate["kind"])
    path = tmp_path / "decisions.json"
    path.write_text(json.dumps(record))
    return path


@pytest.mark.parametrize("suffix", [".conll", ".jsonl"])
def test_accepted_suggestions_are_all_that_changes(suffix, tmp_path):
    path = write_wrong(tmp_path, suffix)
    decisions = write_decisions(tmp_path, make_record(path), type="accept", missed="reject")
    assert apply_decisions(path, USUAL_COLUMNS, decisions, tmp_path / "out") == 1
    copy = tmp_path / "out" / path.name
    assert read_sentences(copy).gold == [RIGHT[0], *RIGHT[1:3], WRONG[3].split(), *RIGHT[4:]]
    old, new = (one.read_bytes().splitlines(keepends=True) for one in (path, copy))
    changed = [place for place, (before, after) in enumerate(zip(old, new, strict=True)) if before != after]
    assert changed == ([0, 1] if suffix == ".conll" else [0])
    diff = (tmp_path / "out" / f"{path.name}.diff").read_text()
    assert sum(line.startswith("+") for line in diff.splitlines()[2:]) == len(changed)


def test_an_edited_label_takes_the_place_of_the_old_one(tmp_path):
    path = write_wrong(tmp_path)
    record = make_record(path)
    [one] = [candidate for candidate in record["candidates"] if candidate["kind"] == "type"]
    one["entities"] = [{"type": "PER", "start": 0, "end": 1}]
    apply_decisions(path, USUAL_COLUMNS, write_decisions(tmp_path, record, type="edit"), tmp_path / "out")
    assert " ".join(read_sentences(tmp_path / "out" / path.name).gold[0]) == "B-PER O O O B-LOC O B-LOC I-LOC O"


def test_line_ends_byte_order_mark_and_other_columns_stay(tmp_path):
    path = tmp_path / "x.conll"
    content = "\ufeffAnna x B-ORG\r\nleft y O\r\n\r\nAcme x B-ORG\r\nand y O\r\nBo z B-PER"
    path.write_bytes(content.encode())
    file = read_labelled_file(path, USUAL_COLUMNS)
    found = find_candidates(file, believe(file, [["B-PER", "O"], ["B-ORG", "O", "B-PER"]]))
    decisions = write_decisions(tmp_path, build_record(file, FoldSettings("encoder"), found), type="accept")
    apply_decisions(path, USUAL_COLUMNS, decisions, tmp_path / "out")
    corrected = (tmp_path / "out" / "x.conll").read_bytes().decode()
    assert corrected == content.replace("Anna x B-ORG", "Anna x B-PER")


@pytest.mark.parametrize(
    ("gold", "entities", "scheme", "tags"),
    [
        ("B-PER O O", [Entity("PER", 0, 2)], Scheme.IOB2, "B-PER I-PER O"),
        ("I-PER I-LOC O", [Entity("LOC", 0, 1), Entity("LOC", 1, 2)], Scheme.IOB1, "I-LOC B-LOC O"),
        ("I-LOC B-LOC O", [Entity("LOC", 1, 2)], Scheme.IOB1, "O I-LOC O"),
        ("S-PER O O", [Entity("PER", 0, 3)], Scheme.IOBES, "B-PER I-PER E-PER"),
        ("B I O", [Entity("_", 2, 3)], Scheme.IOB2, "O O B"),
        # What is spelt oddly and stays is none of the decision's business.
        ("I-PER O B-LOC", [Entity("PER", 0, 1)], Scheme.IOB2, "I-PER O O"),
        ("DET NOUN", [Entity("DET", 0, 1), Entity("VERB", 1, 2)], Scheme.PLAIN, "DET VERB"),
    ],
)
def test_entities_are_spelt_in_the_scheme_of_the_file(gold, entities, scheme, tags):
    assert respell(gold.split(), entities, scheme, is_bare="B" in gold.split()) == tags.split()


def change(record, **values):
    """A record in which the first candidate, which is accepted, has other values."""
    record["candidates"][0] |= {"decision": "edit", "entities": []} | values
    return record


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda record: {"candidates": []}, "no decisions of an audit"),
        (lambda record: record | {"sha256": "0"}, "made for another file, or the file has changed"),
        (lambda record: change(record, decision="maybe"), "candidate 1: can't be read .*maybe"),
        (lambda record: change(record, entities=None), "candidate 1: can't be read"),
        (lambda record: change(record, sentence=99), "candidate 1: can't be read .*sentence 99"),
        (lambda record: change(record, entities=[{"type": "PER", "start": 0, "end": 0}]), "can't be read .*entity"),
        (lambda record: change(record, entities=[{"type": "PER", "start": 0, "end": 99}]), "longer than the sentence"),
        (lambda record: change(record, entities=[{"type": "PER", "start": 0, "end": 8}]), "overlap others"),
        (lambda record: change(record, label=[{"type": "LOC", "start": 2, "end": 3}]), "other labels there"),
    ],
)
def test_decisions_that_do_not_fit_are_refused(spoil, problem, tmp_path):
    path = write_wrong(tmp_path)
    record = make_record(path)
    record["candidates"].sort(key=lambda candidate: candidate["kind"] != "type")
    decisions = tmp_path / "decisions.json"
    decisions.write_text(json.dumps(spoil(record)))
    with pytest.raises(DataError, match=problem) as error:
        apply_decisions(path, USUAL_COLUMNS, decisions, tmp_path / "out")
    assert re.search("accepted", str(error.value))
    assert not (tmp_path / "out").exists()


def test_the_input_is_never_replaced(tmp_path, capsys):
    path = write_wrong(tmp_path)
    decisions = write_decisions(tmp_path, make_record(path), type="accept")
    before = path.read_bytes()
    assert run_command(cli.run, ["audit", str(path), "--apply", str(decisions), "-r", str(tmp_path)]) == 2
    assert "is read as data; accepted: a file of its own; give another name or folder" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert run_command(cli.run, ["audit", str(path), "--apply", str(decisions), "-r", str(tmp_path / "out")]) == 0
    assert "1 label changed" in capsys.readouterr().out
