import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, Features, List, Value

from token_classification.data.formats.parquet import read_parquet
from token_classification.errors import DataError

FEATURES = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=["O", "B-ORG"]))})


def write(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


def test_class_labels_become_names(tmp_path):
    path = tmp_path / "a.parquet"
    Dataset.from_dict({"tokens": [["EU", "a"]], "ner_tags": [[1, 0]]}, features=FEATURES).to_parquet(path)
    sentences = read_parquet(path)
    assert (sentences.tokens, sentences.tags, sentences.lines) == ([["EU", "a"]], [["B-ORG", "O"]], [1])


def test_older_metadata_is_understood(tmp_path):
    features = b'{"info": {"features": {"tags": [{"names": ["O", "B-X"], "_type": "ClassLabel"}]}}}'
    table = pa.table({"words": [["a"]], "tags": [[1]]}).replace_schema_metadata({b"huggingface": features})
    pq.write_table(table, tmp_path / "a.parquet")
    assert read_parquet(tmp_path / "a.parquet").tags == [["B-X"]]


def test_numbers_without_names_are_kept(tmp_path):
    path = write(tmp_path / "a.parquet", tokens=[["a", "b"]], ner_tags=[[0, 12]], doc_id=[4])
    sentences = read_parquet(path)
    assert (sentences.tags, sentences.doc_ids) == ([["0", "12"]], ["4"])


def test_number_without_a_name_is_a_problem(tmp_path):
    path = tmp_path / "a.parquet"
    metadata = Dataset.from_dict({"tokens": [], "ner_tags": []}, features=FEATURES).data.schema.metadata
    table = pa.table({"tokens": [["a"], ["b"]], "ner_tags": [[1], [-1]]}).replace_schema_metadata(metadata)
    pq.write_table(table, path)
    with pytest.raises(DataError, match=r"a\.parquet:2: tag number without a name \(-1\); accepted: 0 to 1"):
        read_parquet(path)


def test_without_tags_the_file_is_unlabelled(tmp_path):
    assert read_parquet(write(tmp_path / "a.parquet", words=[["a"]])).tags is None


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"tokens": [["a"], None]}, ":2: 'tokens' is null"),
        ({"tokens": [["a"], ["b"]], "tags": [["O"], ["O", "O"]]}, ":2: 1 words but 2 tags"),
        ({"text": ["a"]}, r":1: no column of words \(columns found: 'text'\)"),
    ],
)
def test_unsound_record_is_named_by_its_number(tmp_path, columns, message):
    with pytest.raises(DataError, match=rf"a\.parquet{message}"):
        read_parquet(write(tmp_path / "a.parquet", **columns))


def test_file_cut_short_is_refused(tmp_path):
    path = write(tmp_path / "a.parquet", tokens=[["a"]])
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"a\.parquet:1: not a whole Parquet file"):
        read_parquet(path)
