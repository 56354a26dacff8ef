"""Row formats of any size: a sentence that can't be read takes no other with it."""

import pytest

from token_classification.inference.read_records import read_records
from token_classification.inference.records import BadRecord

CONLLU = "1\tAnna\t_\t{tag}\t_\t_\t_\t_\t_\t_\n"
ONTONOTES = "a 0 0 Anna X * - - - - {tag} -\n"


def read(folder, text):
    (folder / "a.txt").write_bytes(text.encode())
    return list(read_records(str(folder / "a.txt")))


@pytest.mark.parametrize(
    ("good", "broken"),
    [
        (CONLLU.format(tag="PROPN"), "x" + CONLLU[1:]),
        ("#begin document a\n" + ONTONOTES.format(tag="(PER)"), ONTONOTES.format(tag="(PER*")),
        ("Anna|X|B-PER Anna|X|O Anna|X|O Anna|X|O Anna|X|O\n", "Anna|X\n"),
    ],
)
def test_a_broken_row_takes_its_sentence_only(tmp_path, good, broken):
    records = read(tmp_path, "\n".join([good, broken, good]))
    assert [isinstance(record, BadRecord) for record in records] == [False, True, False]
    assert records[1].line == len(good.splitlines()) + 2
    assert records[0].gold


@pytest.mark.parametrize(
    "text", [CONLLU.format(tag="_"), "#begin document a\n" + ONTONOTES.format(tag="*"), "a\n" * 9 + "\na\nb\nc\n"]
)
def test_without_tags_there_is_no_gold(tmp_path, text):
    records = read(tmp_path, text)
    assert records
    assert all(record.gold is None for record in records)


def test_a_long_line_of_sentences_in_lines_is_its_own(tmp_path, monkeypatch):
    longest = 2**12
    monkeypatch.setattr("token_classification.inference.row_records.LONGEST_RECORD", longest)
    line = "Anna|X|B-PER left|X|O\n"
    assert len(read(tmp_path, line * longest)) == longest  # more than a record may have, and no blank line
    first, bad, last = read(tmp_path, line + "x|X|O " * longest + "\n" + line)
    assert (first.text, last.text) == (["Anna", "left"], ["Anna", "left"])
    assert "cut it into several" in bad.reason
