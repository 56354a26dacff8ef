"""The same three sentences in every format are the same three sentences; a broken twin of each names its line."""

import csv
import io
import json

import pytest
from datasets import ClassLabel, Dataset, Features, List, Value

from token_classification.data.formats import read_sentences
from token_classification.errors import DataError, UserError
from token_classification.inference.read_records import read_records

WORDS = [["EU", "rejects", '"'], ["New\u00a0York", ","], ["#1", "NA", "Zoë", "null"]]
TAGS = [["B-ORG", "O", "O"], ["B-LOC", "O"], ["O", "O", "B-PER", "O"]]


def as_conll(separator="\t", newline="\n"):
    rows = [
        [f"{word}{separator}{tag}" for word, tag in zip(*sentence, strict=True)]
        for sentence in zip(WORDS, TAGS, strict=True)
    ]
    return (newline * 2).join(newline.join(sentence) for sentence in rows)


def as_numbered_rows(filler):
    return "\n\n".join(
        "\n".join(filler.format(n=n, word=word, tag=tag) for n, (word, tag) in enumerate(zip(*pair, strict=True), 1))
        for pair in zip(WORDS, TAGS, strict=True)
    )


def as_csv(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


RECORDS = [{"tokens": words, "ner_tags": tags} for words, tags in zip(WORDS, TAGS, strict=True)]
WORD_ROWS = [
    [number, word, tag]
    for number, (words, tags) in enumerate(zip(WORDS, TAGS, strict=True))
    for word, tag in zip(words, tags, strict=True)
]
JSON_LINES = "".join(json.dumps(record) + "\n" for record in RECORDS)
GERMEVAL = as_numbered_rows("{n}\t{word}\t{tag}\tO")
CONLLU = as_numbered_rows("{n}\t{word}\t_\t{tag}\t_\t_\t_\t_\t_\t_")
ONTONOTES = "#begin document (a); part 000\n" + as_numbered_rows("a 0 {n} {word} X * - - - - {tag} -")
for written, bracket in (("B-ORG", "(ORG)"), ("B-LOC", "(LOC)"), ("B-PER", "(PER)"), (" O ", " * ")):
    ONTONOTES = ONTONOTES.replace(written, bracket)
PIPED = "".join(
    " ".join(f"{word}|X|{tag}" for word, tag in zip(*pair, strict=True)) + "\n"
    for pair in zip(WORDS, TAGS, strict=True)
)
WORD_CSV = as_csv([["sentence_id", "word", "tag"], *WORD_ROWS])
LIST_CSV = as_csv([["tokens", "ner_tags"], *([str(w), json.dumps(t)] for w, t in zip(WORDS, TAGS, strict=True))])

# name, text, what to replace by what in the broken twin, and the message for the twin
CASES = [
    ("tabs.conll", as_conll() + "\n\n", ("rejects\tO", "rejects"), ":2: 1 column where the file has 2 ('rejects')"),
    ("blanks.txt", as_conll(" "), ("rejects O", "rejects  "), ":2: 1 column where the file has 2 ('rejects  ')"),
    ("crlf.bio", as_conll(newline="\r\n"), ("NA\tO", "NA\t"), ":9: empty tag ('NA\\t')"),
    ("bom.tsv", "\ufeff" + as_conll(), (",\tO", ",\tO\tO"), ":6: 3 columns where the file has 2"),
    ("conll.json", as_conll(), ("Zoë\t", "Zoë "), ":10: 1 column where the file has 2 ('Zoë B-PER')"),
    ("germeval.tsv", GERMEVAL, ("#1\tO\tO", "#1\tO"), ":8: 3 columns where the file has 4"),
    ("words.conllu", CONLLU, ("3\t", "x\t"), ":3: not a word id ('x')"),
    ("ontonotes.txt", ONTONOTES, ("* -\na 0 3", "(X* -\na 0 3"), ":4: the named entity 'X' is not closed"),
    ("wikiner.txt", PIPED, ("NA|X|O", "NA|O"), ":3: 'NA|O' is not word|POS|tag"),
    ("list.json", json.dumps(RECORDS, indent=1), ('"O",\n   "B-PER"', '"B-PER"'), ":24: 4 words but 3 tags"),
    ("data.json", json.dumps({"data": RECORDS}), ('"NA"', "null"), ":1: word 2 of 'tokens' is null"),
    ("lines.jsonl", JSON_LINES, ('"#1", ', '"#1" '), ":3: not JSON (Expecting ',' delimiter"),
    ("words.csv", WORD_CSV, ("2,NA,O", "2,NA"), ":8: 2 columns where the header has 3"),
    ("lists.csv", LIST_CSV, ("['#1', ", "['#1' "), ":4: 'tokens' is text"),
    (
        "words_tsv.txt",
        WORD_CSV.replace('","', "\0").replace(",", "\t").replace("\0", ","),
        ("NA\tO", "NA\t"),
        ":8: empty",
    ),
]


@pytest.mark.parametrize(("name", "text"), [case[:2] for case in CASES])
def test_every_format_gives_the_same_sentences_to_training_and_tagging(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(text.encode())
    sentences = read_sentences(path)
    assert sentences.tokens == WORDS
    assert sentences.tags == TAGS
    assert len(sentences.lines) == 3
    if name in ("list.json", "data.json"):
        with pytest.raises(UserError, match="jq -c"):
            read_records(str(path))
        return
    records = list(read_records(str(path)))
    assert [record.text for record in records] == WORDS
    assert [record.line for record in records] == sentences.lines
    assert [record.gold or record.fields["ner_tags"] for record in records] == TAGS


def test_parquet_gives_the_same_sentences(tmp_path):
    names = sorted({tag for tags in TAGS for tag in tags})
    features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=names))})
    Dataset.from_dict({"tokens": WORDS, "ner_tags": TAGS}, features=features).to_parquet(tmp_path / "a.parquet")
    sentences = read_sentences(str(tmp_path / "a.parquet"))
    assert sentences.tokens == WORDS
    assert sentences.tags == TAGS


@pytest.mark.parametrize(("name", "text", "replacement", "message"), CASES)
def test_broken_twin_names_file_and_line(tmp_path, name, text, replacement, message):
    broken = text.replace(*replacement)
    assert broken != text
    path = tmp_path / name
    path.write_bytes(broken.encode())
    with pytest.raises(DataError) as error:
        read_sentences(path)
    assert str(error.value).startswith(f"{path}{message}")
