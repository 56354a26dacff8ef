"""Fuzzing of the readers: whatever the bytes of a file, there are sound sentences or a message, in linear time.

`FUZZ_EXAMPLES` sets how many inputs each reader gets.
"""

import os
import time
from pathlib import Path

import pytest
from hostile_files import NAMES, read_with, write_parquet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from token_classification.data.formats import read_sentences
from token_classification.data.sentences import Sentences
from token_classification.errors import UserError

INPUTS = int(os.environ.get("FUZZ_EXAMPLES", "150"))

SEEDS = {
    "conll": b"-DOCSTART-\tO\n\nAnn\tB-PER\nran\tO\n\n# x\n1\tBob\tB-PER\tO\n",
    "conllu": b"# newdoc\n1-2\tzum"
    + b"\t_" * 8
    + b"\n1\tzu\tzu\tADP\t_\t_\t0\tx\t_\t_\n# global.columns = ID FORM NER\n",
    "ontonotes": b"#begin document (x); part 000\nx 0 0 Ann NNP (S* - - - s (PERSON* -\nx 0 1 ran V *) - - - s *) -\n",
    "piped": b"Ann|N|B-PER ran|V|O\n|||O\n",
    "json": b'{"data": [{"tokens": ["Ann", "ran"], "ner_tags": ["B-PER", "O"], "doc_id": 1}]}',
    "jsonl": b'{"tokens": ["Ann", "ran"], "ner_tags": ["B-PER", "O"]}\n{"words": ["a"], "ner": [0]}\n',
    "csv": b'sentence_id,word,tag\n1,Ann,B-PER\n,ran,O\n2,"a""b",O\ntokens;tags\n[\'a\', \'b\'];["O", "O"]\n',
    "parquet": write_parquet(tokens=[["Ann", "ran"], ["Bob"]], ner_tags=[["B-PER", "O"], ["B-PER"]]),
    "text_and_labels": b"Ann ran\nO O\n",
    "spans": b'{"id": 1, "text": "Ann ran", "label": [[0, 3, "PER"]]}\n{"text": "\xf0\x9f\x98\x80 a", "label": '
    b'[{"start_offset": 3, "end": 4, "label": "X", "score": 1, "id": 2}], "word_offsets": [[0, 1], [2, 3]]}\n',
    "prodigy": b'{"text": "Ann ran", "tokens": [{"text": "Ann", "start": 0, "end": 3, "id": 0}], "spans": '
    b'[{"start": 0, "end": 3, "label": "PER", "token_start": 0}]}\n{"text": "a", "answer": "reject"}\n',
    "label_studio": b'[{"id": 1, "data": {"text": "Ann"}, "annotations": [{"result": [{"from_name": "label", '
    b'"to_name": "text", "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}}]}]}, '
    b'{"id": 2, "text": "Ann", "label": [{"start": 0, "end": 3, "labels": ["PER"]}], "annotator": 1}]',
    "brat": b"T1\tPER 0 3\tAnn\nT2\tX 4 5;6 7\tr n\nE1\tX:T1 A:T2\n#1\tAnnotatorNotes T1\tb\n",
    "webanno": b"#FORMAT=WebAnno TSV 3.3\n#T_SP=a.NamedEntity|value\n\n\n#Text=Ann ran\\\\\n"
    b"1-1\t0-3\tAnn\tPER[1]|X[2]\t\n1-2\t4-8\tran\\\\\tPER[1]\t\n1-2.1\t4-5\tr\t*\t\n\n#Text=a\n#Text=b\n2-1\t9-10\ta\t_\t\n",
    "inline_xml": b'<docs><doc id="1"><PER>Ann <A>ran</A></PER> &lt;&#65;<![CDATA[<b>]]></doc>\n<doc/></docs>\n'
    b"<PER>Ann</PER> ran\n",
    "spacy_json": b'[["Ann ran", {"entities": [[0, 3, "PER"]]}], {"annotations": [["a", {"entities": []}], '
    b'null], "classes": []}, {"text": "Ann", "ents": [{"start": 0, "end": 3, "label": "X"}], "spans": {"sc": []}, '
    b'"tokens": [{"id": 0, "start": 0, "end": 3}]}, {"id": 1, "paragraphs": [{"raw": "Ann", "sentences": '
    b'[{"tokens": [{"orth": "Ann", "ner": "U-PER"}]}]}]}]',
    "gliner": b'[{"tokenized_text": ["Ann", "ran"], "ner": [[0, 0, "PER"]]}, {"tokenized_text": ["a"], "ner": []}]',
}
"""A file of each format, which is cut up and put together anew"""

FRAGMENTS = [
    *(b"\n", b"\r", b"\r\n", b"\t", b" ", b"\n\n", b"\0", b"\\", b"|", b",", b";", b":", b"#", b"-", b"_", b"*"),
    *(b"[", b"]", b"{", b"}", b"(", b")", b'"', b"'", b'""', b"\\'", b'\\"', b"['", b"']", b'["', b'"]', b"{}"),
    *(b"O", b"B", b"I", b"B-PER", b"PER-B", b"1", b"0", b"1-2", b"1.1", b"NaN", b"-Infinity", b"null", b"true"),
    *(b"1e999", b"9" * 4301, b"\\ud800", b"\\u0000", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\xc2\x85"),
    *(b"\xe2\x80\xa8", b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"-DOCSTART-", b"#begin document", b"# global.columns ="),
    *(b"<doc>", b"</doc>", b"<PER>", b"</PER>", b"<A/>", b"<", b"&", b"&amp;", b"&#0;", b"<!--", b"-->", b"<![CDATA["),
    *(b'{"tokens": ["a"], "ner_tags": ["O"]}', b"sentence_id,word,tag\n", b"tokens", b"ner_tags", b"word|POS|tag"),
    *(
        b'"text"',
        b'"spans"',
        b'"label"',
        b'[0, 1, "X"]',
        b'{"start": 0, "end": 1, "label": "X"}',
        b'"answer"',
        b'"ner"',
    ),
    *(b"[" * 300, b"]" * 300, b'{"a":' * 300, b"1\ta\ta\tX\t_\t_\t0\tx\t_\t_\n", b"Ann\tB-PER\n", b"doc_id"),
]
WORDS = st.sampled_from(FRAGMENTS) | st.binary(max_size=6)
COLUMNS = st.sampled_from([None, None, None, "0", "-1", "1", "99", "tokens", "ner_tags", "word", "\udcff", "9" * 4301])


@st.composite
def draw_files(draw: st.DrawFn, seed: bytes) -> bytes:
    """A sound file with parts taken out, doubled and put in; or nothing but fragments, one of them very often."""
    content = draw(st.sampled_from([seed, seed, b""]))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from([0, 0, 1, 7, 40])))
        times = draw(st.sampled_from([1, 1, 1, 2, 50]))
        content = content[:start] + draw(WORDS) * times + content[end:] + content[start:end] * draw(st.integers(0, 1))
    return content


@pytest.mark.parametrize("reader", NAMES)
def test_sentences_or_a_message(tmp_path, reader):
    path = tmp_path / "a.txt"
    if reader == "brat":
        path.write_text("Ann r\nn", encoding="utf-8")
        path = tmp_path / "a.ann"
    slowest = [0.0]

    @settings(
        max_examples=INPUTS, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(draw_files(SEEDS[reader]), COLUMNS, COLUMNS, st.booleans())
    def fuzz(content: bytes, text_column: str | None, label_column: str | None, is_recognised: bool) -> None:
        path.write_bytes(content)
        start, sentences, message = time.process_time(), None, path.name
        try:
            if is_recognised:
                sentences = read_sentences(path, text_column, label_column)
            elif reader == "text_and_labels":
                sentences = read_with(reader, path)
            else:
                sentences = read_with(reader, path, text_column, label_column)
        except UserError as error:
            message = str(error)
        slowest[0] = max(slowest[0], time.process_time() - start)
        assert path.stem.encode() in message.encode()
        if sentences is not None:
            check_sentences(sentences)

    fuzz()
    # Files of 200 kB at most; linear reading takes a thousandth of it.
    assert slowest[0] < 10


def check_sentences(sentences: Sentences) -> None:
    """What a reader promises of what it gives."""
    assert any(sentences.tokens)
    assert len(sentences.lines) == len(sentences.tokens)
    assert sentences.lines == sorted(sentences.lines)
    for column in (sentences.tokens, sentences.tags or sentences.tokens):
        assert list(map(len, column)) == list(map(len, sentences.tokens))
        assert all(type(item) is str for row in column for item in row)
        "".join(map("".join, column)).encode()
    assert sentences.doc_ids is None or len(sentences.doc_ids) == len(sentences.tokens)
    for row, words in enumerate(sentences.tokens):
        places = [sentences.find_line(row, word) for word in range(len(words))]
        assert places == sorted(places)


REPEATED = [fragment for fragment in FRAGMENTS if len(fragment) < 50]


ROW = (b"a\t", b"\tO\n")
RECORD = (b'{"tokens": ["', b'"]}')
AROUND = dict.fromkeys(NAMES, ROW) | {"json": RECORD, "jsonl": RECORD, "csv": (b"tokens;tags\n['a", b"'];[]\n")}
"""What makes a row or record of the format of something"""


@pytest.mark.parametrize("reader", [name for name in NAMES if name != "parquet"])
def test_time_grows_with_the_size_only(tmp_path, reader):
    path = tmp_path / "a.txt"
    for fragment in REPEATED:
        for front, back in ((b"", b""), AROUND[reader]):
            times = [measure_reading(reader, path, front, fragment, back, size) for size in (15_000, 30_000)]
            # Most take milliseconds. For the others: twice the size, four times the time is a square.
            assert times[1] < 1 or times[1] < 3.2 * times[0], (fragment, front, times)


def measure_reading(reader: str, path: Path, front: bytes, fragment: bytes, back: bytes, size: int) -> float:
    """Seconds of processor time, the least of three where it is more than one."""
    path.write_bytes(front + fragment * (size // len(fragment)) + back)
    times = []
    while len(times) < 3 and (not times or times[-1] > 1):
        start = time.process_time()
        read_quietly(reader, path)
        times.append(time.process_time() - start)
    return min(times)


def read_quietly(reader: str, path: Path) -> None:
    """Read a file whatever comes of it."""
    try:
        read_with(reader, path)
    except UserError:
        return
