"""brat's pairs of text and annotations, one or a folder of them."""

import pytest

from token_classification import cli
from token_classification.data.formats import read_sentences
from token_classification.data.formats.brat import read_brat, write_brat
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import read_documents
from token_classification.data.spans.document import Span, SpanDocument
from token_classification.errors import DataError
from token_classification.exit_codes import run_command

TEXT = "Ada Byron moved to Bath.\r\nShe liked Bath 😀 spa.\n"
LINES = (
    "T1\tPER 0 9\tAda Byron",
    "T2\tLOC 19 23\tBath",
    "T3\tSPA 36 46\tBath 😀 spa",
    "T4\tMove 10 15\tmoved",
    "E1\tMove:T4 Who:T1 To:T2",
    "R1\tIn Arg1:T3 Arg2:T2",
    "*\tEquiv T2 T3",
    "A1\tSure T1",
    "N1\tReference T2 Wikidata:Q22889\tBath",
    "#1\tAnnotatorNotes T1\tborn\t1815",
)


def write(folder, *lines, name="one", text=TEXT, ends="\n"):
    (folder / f"{name}.txt").write_bytes(text.encode())
    (folder / f"{name}.ann").write_bytes("".join(line + ends for line in lines).encode())
    return folder / f"{name}.txt"


def list_spans(file):
    return [
        (document.text[start:end], label) for document in file.documents for start, end, label, *_ in document.spans
    ]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("opened", ["one.txt", "one.ann", "."])
def test_a_pair_is_read_by_either_name_or_its_folder(tmp_path, opened, ends):
    write(tmp_path, *LINES, ends=ends)
    path = tmp_path / opened
    assert recognise_format(path) == "brat"
    file = read_documents(path, "brat")
    assert list_spans(file) == [("Ada Byron", "PER"), ("Bath", "LOC"), ("Bath 😀 spa", "SPA"), ("moved", "Move")]
    assert (file.problems, file.documents[0].doc_id) == ([], "one")
    assert file.notes == [
        f"{path}: what is no span is left out: 1 events, 2 relations, 1 attributes, 1 normalizations, 1 notes"
    ]
    sentences = read_sentences(path)
    assert sentences.tokens[0][:3] == ["Ada", "Byron", "moved"]
    assert sentences.tags[0][:4] == ["B-PER", "I-PER", "B-Move", "O"]


def test_a_folder_is_read_with_its_folders(tmp_path):
    (tmp_path / "more").mkdir()
    write(tmp_path / "more", name="two.b")
    write(tmp_path, *LINES[:1])
    (tmp_path / "new.txt").write_text("waits", encoding="utf-8")
    file = read_documents(tmp_path, "brat")
    assert [document.doc_id for document in file.documents] == ["more/two.b", "one"]
    assert file.notes == [f"{tmp_path}: 1 texts without a file of annotations are left out"]


def test_a_text_alone_is_a_text(tmp_path):
    (tmp_path / "a.txt").write_text("Ada O\nByron O\nran O\n", encoding="utf-8")
    assert recognise_format(tmp_path / "a.txt") == "conll"


def test_half_a_pair_is_named(tmp_path):
    write(tmp_path).unlink()
    (problem,) = read_brat(tmp_path).problems
    assert "one.ann:1: there is no one.txt beside it; accepted: pairs of both" in str(problem)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match=r"no \*\.ann in it"):
        read_brat(empty)


def test_a_span_of_several_parts_is_named_and_the_command_removes_it(tmp_path):
    path = write(tmp_path, LINES[0], "T9\tLOC 19 23;36 40\tBath Bath")
    (problem,) = read_documents(path, "brat").problems
    assert "one.ann:2: T9: LOC 'Bath Bath' has several parts (19 23;36 40); accepted: spans of one part" in str(
        problem
    )
    assert f"sed -i.bak -E '/^T[^\\t]*\\t[^\\t]*;/d' {tmp_path / 'one.ann'}" in str(problem)


def test_parts_around_a_line_end_are_one_span_as_brat_cuts_it(tmp_path):
    path = write(tmp_path, "T1\tX 19 24;26 29\tBath. She")
    file = read_documents(path, "brat")
    assert list_spans(file) == [("Bath.\r\nShe", "X")]
    written = write_brat(file.documents)
    assert written.content["one.ann"] == "T1\tX 19 24;26 29\tBath. She\n"
    assert written.content["one.txt"] == TEXT


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("T1 PER 0 9 Ada Byron", "is no annotation; accepted: T1 TAB LABEL 0 5 TAB text"),
        ("T1\tPER 0\tAda", "is no annotation"),
        ("T1\tPER 0 99\tAda", "is not in the text"),
        (f"T1\tPER 0 {'9' * 5000}\tAda", "is no annotation"),
        ("T1\tPER 4 4\t", "is empty"),
        ("T1\tPER 1 4\tAda", "is not what the file says stands there ('Ada')"),
        ("hello", "is no annotation"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, line, said):
    (problem,) = read_documents(write(tmp_path, LINES[1], line), "brat").problems
    assert said in str(problem)


def test_offsets_of_java_tools_are_recognised(tmp_path):
    file = read_documents(write(tmp_path, "T1\tSPA 36 47\tBath 😀 spa", "T2\tW 44 47\tspa"), "brat")
    assert list_spans(file) == [("Bath 😀 spa", "SPA"), ("spa", "W")]
    assert "offsets count UTF-16 units" in file.notes[0]


@pytest.mark.parametrize("shift", [0, 1], ids=["not counted", "counted"])
def test_a_byte_order_mark_may_be_counted_or_not(tmp_path, shift):
    path = write(tmp_path, f"T1\tPER {shift} {9 + shift}\tAda Byron", text="\ufeff" + TEXT)
    assert list_spans(read_documents(path, "brat")) == [("Ada Byron", "PER")]
    assert read_sentences(path).tags[0][:3] == ["B-PER", "I-PER", "O"]


def test_what_brat_cannot_hold_is_named(tmp_path):
    spans = (Span(0, 2, "PER", 0.5), Span(1, 2, "X"), Span(0, 1, "a b"))
    written = write_brat([SpanDocument("a\nb", spans, tmp_path, 1, "x/y", meta={"source": 1})])
    assert [str(problem).split("): ")[1] for problem in written.problems] == [
        "brat can't hold a span of line ends only; correct or remove it",
        "brat can't hold a label with a blank; accepted: a label without any; rename it first",
    ]
    assert written.content["1.ann"] == "T1\tPER 0 1\ta\n"
    assert [note.split(":")[0] for note in written.notes] == [
        "1 scores of spans are left out",
        "1 documents have other fields; they are left out",
        "documents are called by their numbers",
        "1 spans lost the line ends at their edges",
    ]


def test_convert_writes_a_folder_and_reads_it_again(tmp_path):
    source = tmp_path / "a.jsonl"
    source.write_text('{"id": "one", "text": "Ada ran.", "label": [[0, 3, "PER"]]}\n', encoding="utf-8")
    assert run_command(cli.run, ["convert", str(source), str(tmp_path / "brat"), "--to", "brat"]) == 0
    assert sorted(path.name for path in (tmp_path / "brat").glob("[!.]*")) == [
        "annotation.conf",
        "one.ann",
        "one.txt",
    ]
    assert "[entities]\nPER\n" in (tmp_path / "brat" / "annotation.conf").read_text(encoding="utf-8")
    assert run_command(cli.run, ["convert", str(tmp_path / "brat"), str(tmp_path / "back"), "--to", "conll"]) == 0
    assert "Ada\tB-PER" in (tmp_path / "back").read_text(encoding="utf-8")


def test_check_reads_a_folder(tmp_path, capsys):
    (tmp_path / "corpus").mkdir()
    write(tmp_path / "corpus", *LINES[:2])
    assert run_command(cli.run, ["check", str(tmp_path / "corpus")]) == 0
    assert "0 errors" in capsys.readouterr().out
