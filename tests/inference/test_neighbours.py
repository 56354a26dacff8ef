"""What stands around a text in its document: the same for lists, files of any size and requests."""

import json

import pytest
from conftest import SENTENCES
from hypothesis import given
from hypothesis import strategies as st
from serving_apps import build_served_app
from starlette.testclient import TestClient
from transformers import AutoConfig

from token_classification import Predictor, cli
from token_classification.data.formats import read_sentences
from token_classification.inference.bulk import BulkSettings, tag_file
from token_classification.inference.neighbours import find_neighbours

TOKENS = [words.split() for words, _ in SENTENCES]
DOC_IDS = ["0", "0", "0", "1", "1", "2", "2", "2"]

rows = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.lists(st.integers(), max_size=4)), max_size=30)


def look_around(rows, place, size):
    """The slow way."""
    name = rows[place][0]
    first = end = place
    while name is not None and first and rows[first - 1][0] == name:
        first -= 1
    while name is not None and end + 1 < len(rows) and rows[end + 1][0] == name:
        end += 1
    before = [word for _, words in rows[first:place] for word in words]
    after = [word for _, words in rows[place + 1 : end + 1] for word in words]
    return before[max(0, len(before) - size) :], after[:size]


@given(rows=rows, size=st.integers(1, 9))
def test_neighbours_are_those_of_the_document(rows, size):
    found = list(find_neighbours(iter(rows), lambda row: (row[0], [str(word) for word in row[1]]), size))
    assert [row for row, _, _ in found] == rows
    texts = [(name, [str(word) for word in words]) for name, words in rows]
    for place, (_, before, after) in enumerate(found):
        # So many items are held at most: a run of empty texts ends the search behind an item.
        assert after == look_around(texts[: place + size + 1], place, size)[1]
        assert before == look_around(texts, place, size)[0]


@pytest.mark.parametrize("size", [1, 5])
def test_no_more_is_read_ahead_than_is_needed(size):
    taken = []

    def endless():
        number = 0
        while True:
            taken.append(number)
            yield ("a", ["word"] * (number % 2))
            number += 1

    found = find_neighbours(endless(), lambda row: row, size)
    for count in range(1, 50):
        next(found)
        assert len(taken) <= count + 2 * size + 1


@pytest.fixture(scope="module")
def context_folder(tagger_folder, tmp_path_factory):
    """The tiny tagger, as if it had been trained with context."""
    folder = tmp_path_factory.mktemp("context")
    for file in tagger_folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    config = AutoConfig.from_pretrained(folder)
    config.tag_context = 16
    config.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def predictor(context_folder) -> Predictor:
    return Predictor.from_pretrained(context_folder)


def test_a_list_a_file_a_request_and_an_evaluation_answer_alike(predictor, context_folder, tmp_path):
    path = tmp_path / "documents.conll"
    lines = []
    for row, (words, tags) in enumerate(SENTENCES):
        if row == 0 or DOC_IDS[row] != DOC_IDS[row - 1]:
            lines.append("-DOCSTART- O\n")
        lines += [f"{word} {tag}" for word, tag in zip(words.split(), tags.split(), strict=True)] + [""]
    path.write_text("\n".join(lines))
    tags = [[tag["tag"] for tag in row] for row in predictor.tag(TOKENS, DOC_IDS)]
    assert tags != [[tag["tag"] for tag in row] for row in predictor.tag(TOKENS)]
    assert predictor.engine.evaluate(read_sentences(path)).tags == tags

    options = ["-m", str(context_folder), "-r", str(tmp_path / "out"), f"input_file={path}"]
    assert cli.run(["infer", *options]) == 0
    records = [json.loads(line) for line in (tmp_path / "out" / "predictions.jsonl").read_text().splitlines()]
    assert [record["tags"] for record in records] == tags

    with TestClient(build_served_app(predictor)) as client:
        served = []
        for document in (TOKENS[:3], TOKENS[3:5], TOKENS[5:]):
            body = {"texts": document, "document": True, "words": True}
            served += client.post("/v1/entities", json=body).json()["results"]
        assert [[word["tag"] for word in result["words"]] for result in served] == tags


def test_chunks_and_what_is_resumed_do_not_part_a_document(predictor, context_folder, tmp_path, monkeypatch):
    from token_classification.inference import predictor as predictor_module
    from token_classification.inference.progress import AppendedFile

    path = tmp_path / "texts.jsonl"
    texts = [" ".join(words) for words in TOKENS] * 3
    names = sorted([*DOC_IDS, *DOC_IDS, *DOC_IDS])
    path.write_text(
        "".join(json.dumps({"text": text, "doc_id": name}) + "\n" for text, name in zip(texts, names, strict=True))
    )
    expected = predictor(texts, names)

    def tag(name: str, *, resume: bool = False) -> list:
        (tmp_path / name).mkdir(exist_ok=True)
        tag_file(predictor, BulkSettings(str(path), tmp_path / name, resume=resume), context_folder)
        return [json.loads(line)["entities"] for line in (tmp_path / name / "predictions.jsonl").open()]

    assert [strip_scores(row) for row in tag("whole")] == [strip_scores(row) for row in expected]
    monkeypatch.setattr(predictor_module, "TEXTS_PER_CHUNK", 2)
    flush, left = AppendedFile.flush, [5]

    def flush_or_stop(self):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return flush(self)

    monkeypatch.setattr(AppendedFile, "flush", flush_or_stop)
    with pytest.raises(KeyboardInterrupt):
        tag("stopped")
    monkeypatch.setattr(AppendedFile, "flush", flush)
    assert [strip_scores(row) for row in tag("stopped", resume=True)] == [strip_scores(row) for row in expected]


def strip_scores(entities: list[dict]) -> list[tuple]:
    return [(one["start"], one["end"], one["label"]) for one in entities]


@pytest.mark.parametrize(
    ("texts", "names"),
    [("Anna", ["a"]), (["Anna"], ["a", "b"]), (iter(["Anna"]), ["a"])],
    ids=["text", "two", "stream"],
)
def test_names_of_documents_need_a_list_of_texts(predictor, texts, names):
    with pytest.raises(ValueError, match="doc_ids"):
        predictor(texts, names)


def test_other_models_answer_as_without_names(tagger_folder):
    predictor = Predictor.from_pretrained(tagger_folder)
    assert predictor(TOKENS, DOC_IDS) == predictor(TOKENS)
