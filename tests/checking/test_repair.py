"""Corrected copies: what changes, what stays, and that the files themselves are never touched."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from token_classification.checking.doctor import examine
from token_classification.checking.files import ColumnChoice, number_files, read_files
from token_classification.checking.repair import Repair, repair_files
from token_classification.data.entities import find_entities
from token_classification.data.formats import read_sentences
from token_classification.data.schemes import Scheme, recognise_scheme
from token_classification.errors import DataError, UserError

SOUND = "Bob\tB-PER\nmet\tO\nAnn\tB-PER\nLee\tI-PER\n\n" * 3


def repair(folder: Path, *names: str, **options) -> Repair:
    data = number_files(read_files([folder / name for name in names]))
    return repair_files(data, examine(data).scheme, folder / "out", ColumnChoice(), **options)


def repair_text(folder: Path, name: str, text: str, **options) -> str:
    (folder / name).write_bytes(text.encode())
    copy = repair(folder, name, **options).paths[0].read_bytes().decode()
    assert (folder / name).read_bytes() == text.encode()
    return copy


def apply_diff(old: str, diff: str) -> str:
    """Apply a unified diff as `patch` does, and hold its counts against its lines."""
    lines, result, at = re.findall(r"[^\n]*\n|[^\n]+", old), [], 0
    diff = diff.replace("\n\\ No newline at end of file\n", "\0\n")
    for header, body in re.findall(r"^(@@ .*? @@)\n((?:[ +-].*\n)*)", diff, re.MULTILINE):
        start, length, new_start, new_length = map(int, re.findall(r"\d+", header))
        result += lines[at : start - 1]
        assert len(result) == new_start - (new_length > 0)
        rows = [f"{row}\n".replace("\0\n", "") for row in body.split("\n")[:-1]]
        assert [row[1:] for row in rows if row[0] in " -"] == lines[start - 1 : start - 1 + length]
        added = [row[1:] for row in rows if row[0] in " +"]
        assert len(added) == new_length
        result += added
        at = start - 1 + length
    return "".join(result + lines[at:])


@pytest.mark.skipif(not shutil.which("patch"), reason="patch is not installed")
@pytest.mark.parametrize(
    ("first", "mark", "end"),
    [("Bob\tI-PER", "", "\n"), ("Bob\tB-PER", "\ufeff", "\r\n"), ("word\ttag", "\ufeff", "\n")],
)
@pytest.mark.parametrize(
    "last", ["Ann\tI-PER\n", "Ann\tI-PER", "so\tO\n\n", "so\tO", "Ann\n\n", "Ann", f"so\tO\n\n{SOUND}so"]
)
def test_patch_applies_the_diff(tmp_path, first, mark, end, last):
    text = mark + f"{first}\nmet\tO\n\n{SOUND}{last}".replace("\n", end)
    copy = repair_text(tmp_path, "a.conll", text, discard=True)
    diff = tmp_path / "out" / "a.conll.diff"
    (tmp_path / "a.conll").write_bytes(text.encode())
    command = ["patch", "--binary", "--fuzz=0", str(tmp_path / "a.conll"), str(diff)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "a.conll").read_bytes().decode() == copy


@pytest.mark.parametrize(
    ("row", "repaired"),
    [
        ("Ann\tI-PER", "Ann\tB-PER"),
        ("Ann\tb-PER", "Ann\tB-PER"),
        ("Ann\tS-PER", "Ann\tB-PER"),
        ("B-PER\tAnn", "Ann\tB-PER"),
        ("O\tAnn", "Ann\tO"),
        ("O\tb-PER", "O\tB-PER"),
        ("Ann B-PER", "Ann\tB-PER"),
        ("Ann B-NEW", "Ann\tB-NEW"),
        ("a\u200bb\x96\tO", "ab–\tO"),
        ("Ann", "Ann"),
        ("Ann\tX", "Ann\tX"),
        ("\tO", "\tO"),
        ("a\u00a0b\tO", "a\u00a0b\tO"),
    ],
)
def test_rows_of_conll(tmp_path, row, repaired):
    assert repair_text(tmp_path, "a.conll", f"{SOUND}so\tO\n{row}\n") == f"{SOUND}so\tO\n{repaired}\n"


def test_bare_tags_are_spelt_and_converted(tmp_path):
    sound = "So\tO\nAnn\tB\nLee\tI\n\n" * 3
    assert repair_text(tmp_path, "a.conll", f"{sound}so\tO\nAnn\tI\n") == f"{sound}so\tO\nAnn\tB\n"
    assert repair_text(tmp_path, "b.conll", f"{sound}Ann\tb\n") == f"{sound}Ann\tB\n"
    converted = repair_text(tmp_path, "c.conll", sound, target=Scheme.IOBES)
    assert converted == sound.replace("\tI", "\tE")


def test_a_bare_tag_amid_typed_ones_is_none(tmp_path):
    (tmp_path / "a.conll").write_text(f"{SOUND}Ann\tB\nLee\tI\n")
    result = repair(tmp_path, "a.conll")
    assert next((finding.kind, len(finding.problems)) for finding in result.examination.findings) == ("odd_tag", 2)


def test_other_columns_comments_and_line_ends_stay(tmp_path):
    text = "# id x\r\n1\tSo\tO\tO\r\n2\tAnn\tI-PER\tB-X\r\n\r\n1\tBob\tB-PER\tO\r\n"
    assert repair_text(tmp_path, "a.tsv", text) == text.replace("I-PER", "B-PER")
    blanks = "So RB  x O\nAnn NN y I-PER\nBob NN y B-LOC\n"
    assert repair_text(tmp_path, "b.txt", blanks) == blanks.replace("Ann NN y I-", "Ann NN y B-")


def test_a_sentence_with_a_broken_row_keeps_its_tags(tmp_path):
    text = f"{SOUND}so\tO\nAnn\nLee\tI-PER\n"
    assert repair_text(tmp_path, "a.conll", text) == text
    assert repair_text(tmp_path, "a.conll", text, discard=True) == SOUND


def test_json_lines_keep_their_other_keys(tmp_path):
    record = {"id": 7, "words": ["so", "Ann\u200b"], "ner_tags": ["O", "I-PER"], "more": [1]}
    sound = {"words": ["Bob"], "ner_tags": ["B-PER"]}
    text = f"{json.dumps(record)}\n\n{json.dumps(sound)}\n{{broken\n"
    repaired = json.dumps({**record, "words": ["so", "Ann"], "ner_tags": ["O", "B-PER"]})
    assert repair_text(tmp_path, "a.jsonl", text) == f"{repaired}\n\n{json.dumps(sound)}\n{{broken\n"
    assert repair_text(tmp_path, "a.jsonl", text, discard=True) == f"{repaired}\n\n{json.dumps(sound)}\n"


def test_conllu_is_repaired_in_its_form_column(tmp_path):
    rest = "\t_" * 6 + "\n"
    text = f"# text = ab\n1-2\tab\t_\t_{rest}1\ta\x96\t_\tX{rest}2\tb\t_\tY{rest}"
    assert repair_text(tmp_path, "a.conllu", text) == text.replace("a\x96", "a–")


def test_tables_become_json_lines(tmp_path):
    copy = repair_text(tmp_path, "train.csv", "sentence_id,word,tag\n1,so,O\n1,Ann,I-PER\n2,Bob,B-PER\n")
    rows = [{"tokens": ["so", "Ann"], "ner_tags": ["O", "B-PER"]}, {"tokens": ["Bob"], "ner_tags": ["B-PER"]}]
    assert [json.loads(line) for line in copy.splitlines()] == rows
    assert (tmp_path / "out" / "train.jsonl").exists()


def test_an_empty_sentence_stays_one(tmp_path):
    records = [{"tokens": [], "ner_tags": []}, {"tokens": ["Ann"], "ner_tags": ["B-PER"]}]
    copy = repair_text(tmp_path, "a.json", json.dumps(records))
    assert [json.loads(line) for line in copy.splitlines()] == records


def test_copies_are_read_with_the_same_flags(tmp_path):
    (tmp_path / "a.csv").write_text("sentence_id,form,chunk\n1,so,O\n1,Ann,I-PER\n2,Bob,B-PER\n")
    columns = ColumnChoice("form", "chunk")
    data = number_files(read_files([tmp_path / "a.csv"], columns))
    result = repair_files(data, examine(data).scheme, tmp_path / "out", columns)
    assert (result.examination.exit_code, result.examination.statistics[0].words) == (0, 3)


LINE = st.lists(
    st.sampled_from(["w", "B-A", "I-A", "O", "x\u200b", "\x85", "", " ", "-DOCSTART-", "#", "1", "["]), max_size=3
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINE, max_size=8), st.sampled_from("\t "))
def test_whatever_stands_in_a_file_it_is_examined_and_repaired(tmp_path, rows, separator):
    text = "".join(separator.join(row) + "\n" for row in rows)
    (tmp_path / "a.conll").write_text(text, encoding="utf-8")
    for discard in (False, True):
        result = repair(tmp_path, "a.conll", discard=discard)
        for path in result.paths:
            assert apply_diff(text, (tmp_path / "out" / "a.conll.diff").read_text("utf-8")) == path.read_text("utf-8")


@pytest.mark.parametrize("target", [Scheme.IOB1, Scheme.IOBES, Scheme.BILOU])
def test_scheme_conversion_keeps_the_entities(tmp_path, target):
    (tmp_path / "a.conll").write_text(SOUND + "Ann\tB-PER\nBob\tB-PER\n\nUm\tO\nLee\tI-LOC\n")
    result = repair(tmp_path, "a.conll", target=target)
    assert (result.examination.scheme, result.examination.exit_code) == (target, 0)
    before, after = (read_sentences(folder / "a.conll") for folder in (tmp_path, tmp_path / "out"))
    assert before.tokens == after.tokens
    assert list(map(find_entities, before.tags)) == list(map(find_entities, after.tags))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from(["O", "B-A", "I-A", "E-B", "S-A", "I-B", "U-B"]), min_size=1), min_size=1))
def test_any_tags_become_legal_and_mark_the_same_entities(tmp_path, sentences):
    text = "".join("".join(f"w\t{tag}\n" for tag in tags) + "\n" for tags in sentences)
    (tmp_path / "a.conll").write_text(text)
    result = repair(tmp_path, "a.conll")
    kinds = {finding.kind for finding in result.examination.findings}
    assert kinds.isdisjoint({"illegal_transition", "mixed_schemes"})
    copy = read_sentences(tmp_path / "out" / "a.conll")
    assert list(map(find_entities, copy.tags)) == list(map(find_entities, sentences))
    diff = (tmp_path / "out" / "a.conll.diff").read_text()
    assert apply_diff(text, diff) == (tmp_path / "out" / "a.conll").read_text()
    again = repair(tmp_path / "out", "a.conll")
    assert [counts.total() for counts in again.counts] == [0]


def test_the_diff_of_lines_left_out_and_put_in(tmp_path):
    middle = "a\tO\n-DOCSTART-\tO\nb\tO\n\n" + SOUND + "x\tO\nempty\n\n"
    text = f"word\ttag\n-DOCSTART-\tO\n\n{SOUND}{middle}{SOUND}"
    copy = repair_text(tmp_path, "a.conll", text, discard=True)
    assert copy == f"-DOCSTART-\tO\n\n{SOUND}a\tO\n\n-DOCSTART-\tO\n\nb\tO\n\n{SOUND}{SOUND}"
    assert apply_diff(text, (tmp_path / "out" / "a.conll.diff").read_text()) == copy


def test_a_file_that_nothing_was_read_of_has_no_copy(tmp_path):
    (tmp_path / "a.conll").write_bytes(b"a\xff\tO\n")
    (tmp_path / "b.conll").write_text(SOUND)
    assert repair(tmp_path, "a.conll", "b.conll").paths == [tmp_path / "out" / "b.conll"]


def test_plain_tags_have_no_scheme(tmp_path):
    (tmp_path / "a.conll").write_text("a\tNN\n")
    with pytest.raises(UserError, match=r"--scheme iob2: the tags are plain"):
        repair(tmp_path, "a.conll", target=Scheme.IOB2)


def test_prefixes_behind_the_type_are_refused_and_repaired(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("Ann\tPER-B\nLee\tPER-I\nran\tO\n\nNew\tA-B-B\nYork\tA-B-I\n")
    with pytest.raises(DataError, match=r"'PER-B' \(1 times\).*'B-PER'.*token_classification check FILE --repair"):
        recognise_scheme(read_sentences(path).tags)
    examination = examine(number_files(read_files([path])))
    assert [(finding.kind, len(finding.problems)) for finding in examination.findings] == [("suffix_tags", 1)]
    assert repair(tmp_path, "a.conll").examination.exit_code == 0
    assert read_sentences(tmp_path / "out" / "a.conll").tags == [["B-PER", "I-PER", "O"], ["B-A-B", "I-A-B"]]
