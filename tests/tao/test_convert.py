import logging
import os
import shutil
from collections import Counter
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.data.entities import find_entities
from token_classification.data.formats import read_sentences
from token_classification.data.formats.text_and_labels import read_text_and_labels
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.errors import DataError, UserError
from token_classification.tao.convert import convert_file, convert_folder, cut_long_sentences
from token_classification.tao.label_ids import read_label_ids

TRAIN = "-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n\nPeter NNP I-NP I-PER\nBlack NNP I-NP I-PER"
DEV = "Bonn\u00a0am\u2028Rhein I-LOC\nBonn B-LOC\n\n\n. O\n"
TEST = "UN\tI-ORG\n\nZürich\tI-AAA\n"


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name, text in (("train", TRAIN), ("dev", DEV), ("test", TEST)):
        (folder / f"{name}.txt").write_bytes(text.encode())
    return folder


def read_files(folder):
    return {path.name: path.read_bytes().decode() for path in sorted(folder.iterdir())}


def test_the_seven_files(source, tmp_path):
    conversion = convert_folder(source, tmp_path / "out" / "new", None)
    assert read_files(tmp_path / "out" / "new") == {
        "label_ids.csv": "O\nB-LOC\nI-AAA\nI-LOC\nI-ORG\nI-PER",
        "labels_dev.txt": "I-LOC B-LOC\nO\n",
        "labels_test.txt": "I-ORG\nI-AAA\n",
        "labels_train.txt": "I-ORG O\nI-PER I-PER\n",
        "text_dev.txt": "Bonn\u00a0am\u2028Rhein Bonn\n.\n",
        "text_test.txt": "UN\nZürich\n",
        "text_train.txt": "EU rejects\nPeter Black\n",
    }
    assert conversion.labels == ["O", "B-LOC", "I-AAA", "I-LOC", "I-ORG", "I-PER"]
    assert conversion.sentences == {"train": 2, "dev": 2, "test": 2}
    assert conversion.words == {"train": 4, "dev": 3, "test": 2}
    assert sorted(path.name for path in conversion.files) == sorted(os.listdir(tmp_path / "out" / "new"))


def test_again_gives_the_same_bytes_also_in_the_same_folder(source):
    convert_folder(source, source, None)
    first = read_files(source)
    convert_folder(source, source, None)
    assert read_files(source) == first
    assert len(first) == 10


def test_the_test_file_may_be_missing(source, tmp_path, caplog):
    (source / "test.txt").unlink()
    assert len(convert_folder(source, tmp_path / "out", None).files) == 5
    assert caplog.text == ""
    (tmp_path / "out" / "text_test.txt").write_text("old")
    convert_folder(source, tmp_path / "out", None)
    assert "text_test.txt is left from an earlier conversion" in caplog.text
    assert (tmp_path / "out" / "text_test.txt").read_text() == "old"


@pytest.mark.parametrize(
    ("scheme", "labels"),
    [
        (Scheme.IOB1, "O B-LOC I-AAA I-LOC I-ORG I-PER"),
        (Scheme.IOB2, "O B-AAA B-LOC B-ORG B-PER I-PER"),
        (Scheme.IOBES, "O B-PER E-PER S-AAA S-LOC S-ORG"),
        (Scheme.BILOU, "O B-PER L-PER U-AAA U-LOC U-ORG"),
    ],
)
def test_scheme_on_demand(source, tmp_path, scheme, labels):
    assert convert_folder(source, tmp_path / "out", scheme).labels == labels.split()
    assert read_label_ids(tmp_path / "out" / "label_ids.csv") == labels.split()
    before = read_sentences(source / "train.txt")
    after = read_text_and_labels(tmp_path / "out" / "text_train.txt", tmp_path / "out" / "labels_train.txt")
    assert after.tokens == before.tokens
    assert [find_entities(tags) for tags in after.tags] == [find_entities(tags) for tags in before.tags]


def test_all_problems_at_once_and_nothing_written(source, tmp_path):
    (source / "train.txt").write_text("two words\tO\nfine\tO\n")
    (source / "dev.txt").unlink()
    (source / "test.txt").write_text("no\ntags\n")
    with pytest.raises(DataError) as error:
        convert_folder(source, tmp_path / "out", None)
    train, dev, test = str(error.value).replace(f"{source}/", "").split("\n")
    assert train.startswith("train.txt:1: 'two words' can't be written")
    assert dev.startswith("dev.txt: no such file (its folder holds ")
    assert test.startswith("test.txt:1: no tags (one column)")
    assert not (tmp_path / "out").exists()


def test_a_missing_folder(tmp_path):
    with pytest.raises(DataError, match="there is no folder"):
        convert_folder(tmp_path / "absent", tmp_path / "out", None)


def test_plain_tags_have_no_scheme_to_convert(source, tmp_path):
    for name in ("train", "dev", "test"):
        (source / f"{name}.txt").write_text("a DET\nb NOUN\n")
    assert convert_folder(source, tmp_path / "out", None).labels == ["O", "DET", "NOUN"]
    with pytest.raises(DataError, match="plain tags mark no entities"):
        convert_folder(source, tmp_path / "out", Scheme.IOB2)


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n\n\n"])
@pytest.mark.parametrize("max_length", [-1, 2])
def test_one_file_and_its_last_sentence(tmp_path, end, max_length):
    path = tmp_path / "a.b.iob"
    path.write_text("x y O\n\nz y B-X" + end)
    conversion = convert_file(path, max_length, None)
    assert [file.name for file in conversion.files] == ["text_a.b.txt", "labels_a.b.txt"]
    assert conversion.labels == ["O", "B-X"]
    assert (tmp_path / "text_a.b.txt").read_text() == "x\nz\n"
    assert (tmp_path / "labels_a.b.txt").read_text() == "O\nB-X\n"


@pytest.mark.parametrize(
    ("tags", "pieces"),
    [
        ("O O O", ["O O O"]),
        ("O B-X O B-X I-X O", ["O B-X O", "B-X I-X O"]),  # as the original: after the last O within reach
        ("B-X O B-X B-X O", ["B-X O", "B-X B-X O"]),  # although there are two entities to cut between
        ("B-X B-X I-X I-X", ["B-X", "B-X I-X I-X"]),  # no O: between two entities
        ("B-X I-X I-X O", ["B-X I-X I-X", "O"]),
        ("B-X I-X I-X B-Y", ["B-X I-X I-X", "B-Y"]),
        ("B-X I-X I-X I-X", ["B-X I-X I-X", "I-X"]),  # one entity that is too long; the original cut after one word
        ("", [""]),
    ],
)
def test_where_long_sentences_are_cut(tmp_path, caplog, tags, pieces):
    words = [str(place) for place in range(len(tags.split()))]
    cut = cut_long_sentences(Sentences([words], [tags.split()], [7]), 3, tmp_path)
    assert [" ".join(piece) for piece in cut.tags] == pieces
    assert list(chain(*cut.tokens)) == words
    assert cut.lines == [7] * len(pieces)
    assert ("1 entities longer than 3 words were cut" in caplog.text) == (tags == "B-X I-X I-X I-X")


@given(st.lists(st.sampled_from(["O", "B-X", "I-X", "B-Y", "I-Y", "S-X", "E-X"]), max_size=12), st.integers(1, 6))
def test_no_cut_loses_a_word_or_needlessly_an_entity(tags, max_length):
    words = [str(place) for place in range(len(tags))]
    cut = cut_long_sentences(Sentences([words], [tags], [1]), max_length, "a")
    assert list(chain(*cut.tokens)) == words
    assert list(chain(*cut.tags)) == tags
    assert max(map(len, cut.tokens)) <= max_length
    lengths = [entity.end - entity.start for entity in find_entities(tags)]
    if max(lengths, default=0) <= max_length:
        assert sum(len(find_entities(piece)) for piece in cut.tags) == len(lengths)


def test_a_cut_entity_begins_as_the_scheme_wants(tmp_path, caplog):
    path = tmp_path / "long.txt"
    path.write_text("a B-X\nb I-X\nc I-X\nd O\n")
    with caplog.at_level(logging.WARNING):
        convert_file(path, 2, Scheme.IOBES)
    assert (tmp_path / "labels_long.txt").read_text() == "B-X E-X\nS-X O\n"
    assert "long.txt: 1 entities longer than 2 words were cut" in caplog.text


@pytest.mark.parametrize("max_length", [0, -2])
def test_lengths_that_mean_nothing(tmp_path, max_length):
    with pytest.raises(UserError, match=f"--max_length {max_length}: accepted: -1"):
        convert_file(tmp_path / "a.txt", max_length, None)


@pytest.fixture
def wnut(tmp_path, real_data):
    folder = tmp_path / "wnut17"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        shutil.copy(real_data / "wnut17" / f"{split}.conll", folder / f"{split}.txt")
    return folder


def count_entities(sentences):
    return Counter(
        (entity.type, entity.end - entity.start) for tags in sentences.tags for entity in find_entities(tags)
    )


@pytest.mark.real_data
@pytest.mark.parametrize("scheme", [None, Scheme.BILOU])
def test_wnut_words_and_entities(wnut, tmp_path, scheme):
    conversion = convert_folder(wnut, tmp_path / "out", scheme)
    assert len(conversion.labels) == (13 if scheme is None else 25)
    for split in ("train", "dev", "test"):
        before = read_sentences(wnut / f"{split}.txt")
        after = read_text_and_labels(tmp_path / "out" / f"text_{split}.txt", tmp_path / "out" / f"labels_{split}.txt")
        assert after.tokens == before.tokens
        assert [find_entities(tags) for tags in after.tags] == [find_entities(tags) for tags in before.tags]
        assert conversion.words[split] == sum(map(len, before.tokens))
    first = read_files(tmp_path / "out")
    convert_folder(wnut, tmp_path / "out", scheme)
    assert read_files(tmp_path / "out") == first


@pytest.mark.real_data
def test_wnut_cut_to_sixteen_words(wnut):
    before = read_sentences(wnut / "train.txt")
    convert_file(wnut / "train.txt", 16, None)
    after = read_text_and_labels(wnut / "text_train.txt", wnut / "labels_train.txt")
    assert list(chain(*after.tokens)) == list(chain(*before.tokens))
    assert max(map(len, after.tokens)) <= 16
    assert count_entities(after) == count_entities(before)
