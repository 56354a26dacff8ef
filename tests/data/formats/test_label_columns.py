"""Tags under a name of their own: the one column that runs parallel to the words is taken, aloud; no other is."""

import json
import logging
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from token_classification.arguments.data import DataArguments
from token_classification.arguments.model import ModelArguments
from token_classification.data.formats import read_sentences
from token_classification.data.load import load_dataset_splits
from token_classification.errors import DataError

WORDS = [["Ada", "lives", "in", "York"], ["Bob", "left"]]
TAGS = [["B-PER", "O", "O", "B-LOC"], ["B-PER", "O"]]


def write_records(folder: Path, kind: str, **columns: list) -> Path:
    """Write columns of lists as JSON lines, a JSON list, CSV or Parquet."""
    path = folder / f"a.{kind}"
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if kind == "parquet":
        pq.write_table(pa.table(columns), path)
    elif kind == "csv":
        rows = [";".join(columns), *(";".join(map(json.dumps, record.values())) for record in records)]
        path.write_text("\n".join(rows).replace('"', "'"), encoding="utf-8")
    else:
        lines = map(json.dumps, records)
        path.write_text("\n".join(lines) if kind == "jsonl" else f"[{','.join(lines)}]", encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "parquet"])
@pytest.mark.parametrize("name", ["ner", "label", "ner_labels", "named_entities", "iob_tags", "gold of my own"])
def test_the_only_parallel_column_is_taken_aloud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str, name: str
) -> None:
    path = write_records(tmp_path, kind, words=WORDS, **{name: TAGS}, spans=[[1], [2]])
    sentences = read_sentences(path)
    assert (sentences.tokens, sentences.tags) == (WORDS, TAGS)
    assert sentences.tag_column == name
    (warning,) = caplog.records
    assert warning.levelno == logging.WARNING
    for said in (str(path), repr(name), "--label_column_name"):
        assert said in warning.getMessage()


def test_a_usual_name_is_taken_without_a_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_records(tmp_path, "jsonl", words=WORDS, other=TAGS, ner_tags=TAGS)
    assert read_sentences(path).tag_column == "ner_tags"
    assert caplog.records == []


def test_a_telling_name_wins_over_other_parallel_columns(tmp_path: Path) -> None:
    path = write_records(tmp_path, "jsonl", words=WORDS, lemmas=[["a"] * 4, ["a"] * 2], ner=TAGS)
    assert read_sentences(path).tags == TAGS
    assert read_sentences(path, task="pos").tags is None


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "parquet"])
@pytest.mark.parametrize(
    "columns",
    [
        {"a": TAGS, "b": TAGS},
        {"lemmas": [["ada", "live", "in", "york"], ["bob", "leave"]]},
        {"label": ["news", "sport"]},
        {"spans": [["B-PER"], ["O"]]},
        {"scores": [[0.5] * 4, [0.5] * 2]},
    ],
    ids=lambda columns: " ".join(columns),
)
def test_what_may_be_something_else_is_left_alone_and_listed(tmp_path: Path, kind: str, columns: dict) -> None:
    sentences = read_sentences(write_records(tmp_path, kind, words=WORDS, **columns))
    assert sentences.tags is None
    assert sentences.columns == ["words", *columns]


def test_numbers_may_be_labels(tmp_path: Path) -> None:
    path = write_records(tmp_path, "jsonl", tokens=WORDS, gold=[[1, 0, 0, 3], [1, 0]])
    assert read_sentences(path).tags == [["1", "0", "0", "3"], ["1", "0"]]


def test_a_broken_record_does_not_hide_the_column(tmp_path: Path) -> None:
    path = write_records(tmp_path, "jsonl", words=[*WORDS, ["Eve"]], ner=[*TAGS, ["O", "O"]])
    with pytest.raises(DataError, match=r"a\.jsonl:3: 1 words but 2 tags"):
        read_sentences(path)


@pytest.mark.parametrize("name", ["ner", "entity of the word"])
def test_a_row_per_word_in_csv(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"sentence_id,word,{name}\n1,Ada,B-PER\n1,left,O\n2,Bob,B-PER\n", encoding="utf-8")
    sentences = read_sentences(path)
    assert (sentences.tags, sentences.tag_column) == ([["B-PER", "O"], ["B-PER"]], name)


def test_names_of_numbers_in_a_saved_data_set(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    names = ["O", "B-PER", "B-LOC"]
    features = Features({"words": List(Value("string")), "ner": List(ClassLabel(names=names))})
    rows = Dataset.from_dict({"words": WORDS, "ner": [[1, 0, 0, 2], [1, 0]]}, features=features)
    DatasetDict({"train": rows}).save_to_disk(tmp_path / "saved")
    rows.to_parquet(tmp_path / "a.parquet")
    corpus = load_dataset_splits(DataArguments(dataset_name=str(tmp_path / "saved")), ModelArguments("m"))
    assert (corpus.splits["train"].tags, corpus.label_names) == (TAGS, names)
    assert read_sentences(tmp_path / "a.parquet").tags == TAGS
    assert sum("'ner'" in record.getMessage() for record in caplog.records) == 2
