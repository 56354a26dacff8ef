"""`POST /v1/entities`: everything that `Predictor` can do."""

from dataclasses import replace

import httpx2
import pytest
from conftest import SENTENCES
from serving_apps import build_served_app, served_at

from token_classification import Predictor
from token_classification.inference.entities import read_thresholds

TEXTS = ["  Anna\u0301 👍🏽 עברית  ", "", *(words for words, _ in SENTENCES)]


def ask(url: str, **body: object) -> dict:
    answer = httpx2.post(f"{url}/v1/entities", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def list_entities(url: str, **body: object) -> list[list[dict]]:
    return [result["entities"] for result in ask(url, **body)["results"]]


def nearly(found: list[dict]) -> list[dict]:
    """Scores depend on the batch in the last digits."""
    return [{**one, "score": pytest.approx(one["score"], abs=1e-5)} for one in found]


def test_entities_are_those_of_the_predictor(address, predictor):
    answer = ask(address, texts=TEXTS)
    assert answer == {
        "model": "ner",
        "version": "ner-1",
        "results": [{"entities": nearly(found)} for found in predictor(TEXTS)],
    }
    assert answer["results"][2]["entities"]


def test_lists_of_words_are_taken_as_they_are(address, predictor):
    texts = [["Anna", "", "went", " ", "to Paris"], [], "Anna went"]
    results = ask(address, texts=texts, words=True)["results"]
    assert results == [
        {"entities": nearly(entities), "words": nearly(tags)}
        for entities, tags in zip(predictor(texts), predictor.tag(texts), strict=True)
    ]
    assert [word["text"] for word in results[0]["words"]] == texts[0]


def test_a_threshold_replaces_that_of_the_server(address, predictor):
    everything = predictor(TEXTS)
    scores = sorted(one["score"] for found in everything for one in found)
    middle = scores[len(scores) // 2]
    expected = [[one for one in found if one["score"] >= middle] for found in everything]
    assert list_entities(address, texts=TEXTS, threshold=middle - 1e-5) == [nearly(found) for found in expected]
    by_label = list_entities(address, texts=TEXTS, threshold={"PER": 1})
    assert by_label == [nearly([one for one in found if one["label"] != "PER"]) for found in everything]
    picky = replace(predictor, thresholds=read_thresholds(middle, predictor.engine.label_set))
    with served_at(build_served_app(picky)) as served:
        assert list_entities(served.address, texts=TEXTS) == list(map(nearly, picky(TEXTS)))
        assert list_entities(served.address, texts=TEXTS, threshold=0) == list(map(nearly, everything))
    assert picky(TEXTS) == expected != everything


def test_a_model_is_chosen_by_name(address):
    answer = ask(address, texts=["Anna"], model="other")
    assert (answer["model"], answer["version"]) == ("other", "other-1")


def test_a_decoder_can_be_asked_for(address, tagger_folder):
    for decoder in ("argmax", "viterbi"):
        expected = Predictor.from_pretrained(tagger_folder, decoder=decoder)(TEXTS)
        assert list_entities(address, texts=TEXTS, decoder=decoder) == list(map(nearly, expected))
    assert list_entities(address, texts=TEXTS, decoder="viterbi") != list_entities(address, texts=TEXTS)


def test_half_characters_are_answered_with_what_was_sent(address, predictor):
    text = "Anna \ud800 Smith\udc00"
    content = '{"texts": ["Anna \\ud800 Smith\\udc00"], "words": true}'
    answer = httpx2.post(f"{address}/v1/entities", content=content, headers={"Content-Type": "application/json"})
    [result] = answer.json()["results"]
    assert result == {"entities": nearly(predictor(text)), "words": nearly(predictor.tag(text))}
    assert [word["text"] for word in result["words"]] == ["Anna", "\ud800", "Smith\udc00"]


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"texts": "Anna"}, 422, "texts: found a text; accepted is a list of texts or lists of words"),
        ({"texts": [{"text": "Anna"}]}, 422, "texts[0]: found an object; accepted is a text or a list of words"),
        ({"texts": ["a", ["b", None]]}, 422, "texts[1][1]: found null; accepted is a word"),
        ({"text": ["a"]}, 422, "body: text is unknown; accepted are texts, document, model"),
        ({"texts": ["a", [""] * 100_002]}, 413, "text 1 has 100,001 characters; accepted are 100,000"),
        ({"texts": ["a"], "model": 1}, 422, "model: found a number; accepted is the name of a served model"),
        ({"texts": ["a"], "model": "pos"}, 404, "no model pos"),
        ({"texts": ["a"], "threshold": 1.5}, 422, "threshold: 1.5 for LOC; accepted is a probability"),
        ({"texts": ["a"], "threshold": "0.5"}, 422, "threshold: found a text; accepted is a number from 0 to 1"),
        ({"texts": ["a"], "threshold": True}, 422, "threshold: found true"),
        ({"texts": ["a"], "threshold": {"PERS": 0.5}}, 422, "the model has no label PERS; accepted are LOC, PER"),
        ({"texts": ["a"], "threshold": {"PER": None}}, 422, "threshold: None for PER"),
        ({"texts": ["a"], "decoder": "beam"}, 422, "decoder: beam is unknown; accepted are argmax, viterbi"),
        ({"texts": ["a"], "document": "a"}, 422, "document: found a text; accepted is true or false"),
        ({"texts": ["a"], "words": 1}, 422, "words: found a number; accepted is true or false"),
    ],
)
def test_what_is_not_accepted_is_named(address, body, status, expected):
    answer = httpx2.post(f"{address}/v1/entities", json=body)
    assert answer.status_code == status
    assert expected in answer.json()["error"]


def test_a_refusal_repeats_only_the_beginning_of_a_long_name(address):
    for body in (
        {"x" * 10_000: 1},
        {"texts": [], "threshold": {"x" * 10_000: 1}},
        {"texts": [], "decoder": "x" * 9999},
    ):
        answer = httpx2.post(f"{address}/v1/entities", json=body)
        assert answer.status_code == 422
        assert len(answer.json()["error"]) <= 500
