"""Files as no honest program writes them, by reader: what each gives must be sentences, or a message for the user."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from token_classification.data.formats import READERS
from token_classification.data.formats.text_and_labels import read_text_and_labels
from token_classification.data.sentences import Sentences

NAMES = (*(name for name in READERS if name != "spacy"), "text_and_labels")
"""All but spaCy's compressed files, which spaCy itself reads"""


def read_with(name: str, path: Path, *columns: str | None) -> Sentences:
    """Read a file with one reader; for a pair of files, both are this one."""
    if name == "text_and_labels":
        return read_text_and_labels(path, path)
    return READERS[name](path, *columns)


def write_parquet(**columns: object) -> bytes:
    """The bytes of a Parquet file."""
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content)
    return content.getvalue()


def describe_features(features: object) -> bytes:
    """A Parquet file whose Hugging Face metadata is this."""
    content = io.BytesIO()
    table = pa.table({"tokens": [["a"]], "ner_tags": [[0]]})
    text = features if isinstance(features, bytes) else json.dumps({"info": {"features": features}}).encode()
    pq.write_table(table.replace_schema_metadata({"huggingface": text}), content)
    return content.getvalue()


def cut_utf8() -> bytes:
    """A Parquet file with a word that is not UTF-8."""
    words = pa.array([b"a\xff\xfe"]).cast(pa.string(), safe=False)
    return write_parquet(tokens=pa.ListArray.from_arrays([0, 1], words), ner_tags=[["O"]])


DIGITS = "9" * 5000
DEEP = 100_000

TEXTS: dict[str, bytes] = {
    "empty": b"",
    "blank lines": b"\n \n\t\n",
    "nothing but a mark": b"\xef\xbb\xbf",
    "two marks": b"\xef\xbb\xbf\xef\xbb\xbfa\tO\n",
    "NUL": b"a\0\tO\n\0\0\n",
    "NUL alone": b"\0" * 100,
    "UTF-16 with a mark": "a\tO\n".encode("utf-16"),
    "UTF-16 without a mark": "Anna\tB-PER\nleft\tO\n".encode("utf-16-le"),
    "UTF-16 without a mark, big end first": "Anna\tB-PER\nleft\tO\n".encode("utf-16-be"),
    "UTF-32 with a mark": "a\tO\n".encode("utf-32"),
    "Latin-1": "Zoë\tO\n".encode("latin-1"),
    "cut in a character": "a\tO\n東".encode()[:-1],
    "surrogates as UTF-8": b"a\xed\xa0\x80\tO\n",
    "overlong UTF-8": b"\xc0\xaf\tO\n",
    "gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    "ZIP": b"PK\x03\x04" + b"\0" * 40,
    "CR only": b"a\tO\rb\tO\r\rc\tO\r",
    "CR in a line": b"a\rb\tO\nc\tO\n",
    "CRs at the ends": b"a\tO\r\r\nb\tO\r\r\n",
    "line separators": "a\u2028b\tO\n\u0085\x0c\x1c\tO\n".encode(),
    "escapes": b"\x1b[31m\tB-\x1b]0;x\x07\n",
    "one long line": b"a" * 300_000,
    "many columns": b"\t" * 100_000 + b"\n",
    "many blanks": b" " * 100_000 + b"x\n",
    "many rows of one letter": b"a\n" * 50_000,
    "many quotes": b'"' * 100_000,
    "many brackets": b"[" * DEEP,
    "many braces": b'{"a":' * DEEP,
    "closed brackets": b"[" * DEEP + b"]" * DEEP,
    "digits": DIGITS.encode(),
    "digits in a row": f"{DIGITS}\ta\tO\n{DIGITS}\tb\tO\n".encode(),
    "digits in CoNLL-U": (DIGITS + "\tw" * 9).encode(),
    "digits of other scripts": "١\tw\tO\n²\tw\tO\n".encode(),
    "global columns without names": b"# global.columns =\na\n",
    "global columns twice": b"# global.columns = ID ID FORM FORM UPOS UPOS\n1\t1\ta\ta\tX\tX\n",
    "OntoNotes without rows": b"#begin document x\n",
    "document starts": b"-DOCSTART-\n" * 1000,
    "bars": b"|||| |\n|\n",
}
"""Texts for all readers of text"""

RECORDS: dict[str, str] = {
    "a number of many digits": f'{{"tokens": ["a"], "ner_tags": [{DIGITS}]}}',
    "a number of many digits elsewhere": f'{{"tokens": ["a"], "ner_tags": ["O"], "id": {DIGITS}}}',
    "a number beyond all": '{"tokens": ["a"], "ner_tags": ["O"], "id": 1e999}',
    "NaN": '{"tokens": ["a"], "ner_tags": [NaN]}',
    "Infinity": '{"tokens": [Infinity], "ner_tags": [-Infinity]}',
    "a key twice": '{"tokens": ["a", "b"], "tokens": ["c"], "ner_tags": ["O"]}',
    "an inner key twice": '{"tokens": ["a"], "ner_tags": ["O"], "more": {"x": 1, "x": 2}}',
    "half a character in a word": '{"tokens": ["\\ud800"], "ner_tags": ["O"]}',
    "half a character in a tag": '{"tokens": ["a"], "ner_tags": ["B-\\udfff"]}',
    "half a character in a key": '{"tokens": ["a"], "ner_tags": ["O"], "\\ud800": 1}',
    "half a character in a document": '{"tokens": ["a"], "ner_tags": ["O"], "doc_id": "\\ud800"}',
    "NUL in a word": '{"tokens": ["\\u0000"], "ner_tags": ["O"]}',
    "no list": '{"tokens": "a", "ner_tags": "O"}',
    "numbers for words": '{"tokens": [1], "ner_tags": ["O"]}',
    "null": '{"tokens": null, "ner_tags": null}',
    "lists in lists": '{"tokens": [["a"]], "ner_tags": [["O"]]}',
    "deep": '{"tokens": ["a"], "ner_tags": ["O"], "x": ' + "[" * DEEP + "]" * DEEP + "}",
    "deep as the parser allows": '{"tokens": ["a"], "ner_tags": ' + "[" * 900 + "]" * 900 + "}",
    "no record": "[1]",
    "no record but deep": "[" * 900 + "]" * 900,
    "text": '"a"',
    "nothing": "{}",
    "a name of 100,000 letters": json.dumps({"x" * 100_000: ["a"]}),
    "10,000 names": json.dumps({f"name{number}": 1 for number in range(10_000)}),
    "a document of its own kind": '{"tokens": ["a"], "ner_tags": ["O"], "doc_id": {"x": [1]}}',
    "a lone list": '{"tokens": ["a"], "ner_tags": ["O"], "data": [{}]}',
    "cut": '{"tokens": ["a',
    "true for a tag": '{"tokens": ["a"], "ner_tags": [true]}',
    "an empty tag": '{"tokens": ["a"], "ner_tags": [""]}',
}
"""Records, each of which stands alone in JSON lines, and in a list in JSON"""

TABLES: dict[str, str] = {
    "a header alone": "tokens,ner_tags\n",
    "a quote that stays open": 'sentence_id,word,tag\n1,"a,O\n',
    "a quote in a cell": 'tokens,ner_tags\n"a"b,c\n',
    "CR in a header": "sentence_id,wo\rrd,tag\n1,a,O\n",
    "CR in a cell": "sentence_id,word,tag\n1,a\rb,O\n",
    "NUL": "sentence_id,word,tag\n1,\0,O\n",
    "a cell of many letters": f"tokens,ner_tags\n['{'a' * 300_000}'],['O']\n",
    "names twice": "word,word,tag,tag,sentence_id\na,b,O,B-X,1\n",
    "no names": ",,,\n,,,\n",
    "deep lists": "tokens;ner_tags\n" + "[" * 5000 + "]" * 5000 + ";[]\n",
    "deep parentheses": "tokens;ner_tags\n" + "(" * 5000 + ")" * 5000 + ";[]\n",
    "many minus signs": "tokens;ner_tags\n" + "-" * 50_000 + "1;[]\n",
    "many digits": f"tokens;ner_tags\n['a'];[{DIGITS}]\n",
    "NUL in a list": "tokens;ner_tags\n['a\0'];['O']\n",
    "odd escapes": "tokens;ner_tags\n['\\d', '\\N{nothing}'];['O', 'O']\n",
    "half a character": "tokens;ner_tags\n['\\ud800'];['O']\n",
    "a quote that opens often": "tokens;ner_tags\n[" + "\\'" * 50_000 + ";['O']\n",
    "strings side by side": "tokens;ner_tags\n['a' 'b'];['O']\n",
    "code": "tokens;ner_tags\n[__import__('os')];['O']\n",
    "10,000 columns": ",".join(map(str, range(10_000))) + "\nx\n",
}

PARQUET: dict[str, Callable[[], bytes]] = {
    "the magic bytes alone": lambda: b"PAR1",
    "the magic bytes twice": lambda: b"PAR1PAR1",
    "cut": lambda: write_parquet(tokens=[["a"]])[:-9],
    "cut in front": lambda: write_parquet(tokens=[["a"]])[9:],
    "a footer of 4 GB": lambda: write_parquet(tokens=[["a"]])[:-8] + b"\xff\xff\xff\xffPAR1",
    "zeros inside": lambda: (lambda file: file[:30] + b"\0" * 40 + file[70:])(write_parquet(tokens=[["a"] * 50])),
    "no rows": lambda: write_parquet(tokens=pa.array([], pa.list_(pa.string()))),
    "no columns": lambda: write_parquet(),
    "words that are not UTF-8": cut_utf8,
    "dates beyond 9999": lambda: write_parquet(tokens=pa.array([[10**12]], pa.list_(pa.timestamp("s")))),
    "numbers beyond a date": lambda: write_parquet(tokens=pa.array([[2**31 - 1]], pa.list_(pa.date32()))),
    "a text for a list": lambda: write_parquet(tokens=["a"], ner_tags=["O"]),
    "a number for a list": lambda: write_parquet(tokens=[["a"]], ner_tags=[7]),
    "bytes": lambda: write_parquet(tokens=[[b"\xff"]], ner_tags=[["O"]]),
    "structs": lambda: write_parquet(tokens=[[{"x": 1}]], ner_tags=[["O"]]),
    "maps": lambda: write_parquet(tokens=pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8())), ner_tags=[["O"]]),
    "nulls": lambda: write_parquet(tokens=pa.nulls(3), ner_tags=pa.nulls(3)),
    "null documents": lambda: write_parquet(tokens=[["a"]], ner_tags=[["O"]], doc_id=pa.nulls(1)),
    "metadata that is no JSON": lambda: describe_features(b"{"),
    "metadata that is not UTF-8": lambda: describe_features(b'"\xff"'),
    "metadata that is deep": lambda: describe_features(b"[" * DEEP),
    "metadata that is a list": lambda: describe_features(b"[1]"),
    "features that are a list": lambda: describe_features([1]),
    "a feature that is a text": lambda: describe_features({"ner_tags": "x"}),
    "a feature that is an empty list": lambda: describe_features({"ner_tags": []}),
    "an inner feature that is a text": lambda: describe_features({"ner_tags": {"feature": "x"}}),
    "names that are no list": lambda: describe_features({"ner_tags": {"feature": {"names": 7}}}),
    "names that are no texts": lambda: describe_features({"ner_tags": {"feature": {"names": [7, None]}}}),
}


def list_hostile_files() -> dict[str, tuple[str, bytes]]:
    """What it is -> the file's name and its bytes."""
    files = {what: ("a.txt", text) for what, text in TEXTS.items()}
    for what, record in RECORDS.items():
        files[f"JSON lines: {what}"] = ("a.jsonl", f"{record}\n{record}\n".encode("utf-8", "surrogatepass"))
        files[f"JSON: {what}"] = ("a.json", f"[{record},{record}]".encode("utf-8", "surrogatepass"))
        files[f"JSON, named: {what}"] = ("b.json", f'{{"x": 1, "data": [{record}]}}'.encode("utf-8", "surrogatepass"))
    files |= {f"CSV: {what}": ("a.csv", text.encode()) for what, text in TABLES.items()}
    return files | {f"Parquet: {what}": ("a.parquet", make()) for what, make in PARQUET.items()}
