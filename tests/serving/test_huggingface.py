"""The protocol of Hugging Face's API, with its own client, and with the pipeline that it stands for."""

from statistics import geometric_mean

import httpx2
import huggingface_hub
import pytest
from conftest import SENTENCES
from huggingface_hub import InferenceClient, TokenClassificationOutputElement
from huggingface_hub.errors import HfHubHTTPError
from serve_equal import is_encodable, make_texts
from transformers import pipeline

from token_classification import __version__

TEXTS = [words for words, _ in SENTENCES] + ["", " \n", "  Anna\u0301 👍🏽 עברית  "]


@pytest.fixture
def client(address, monkeypatch) -> InferenceClient:
    # Offline, it refuses even a server on the same machine.
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    return InferenceClient(base_url=address)


def ask(url: str, inputs: object, **parameters: object) -> list:
    answer = httpx2.post(url, json={"inputs": inputs, "parameters": parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def drop_absent(element: TokenClassificationOutputElement) -> dict:
    return {name: value for name, value in vars(element).items() if value is not None}


def in_its_form(entities: list[dict]) -> list[dict]:
    """Entities of `Predictor` in the form of this protocol; scores depend on the batch in the last digits."""
    return [
        {
            "entity_group": entity["label"],
            "score": pytest.approx(entity["score"], abs=1e-5),
            "word": entity["text"],
            "start": entity["start"],
            "end": entity["end"],
        }
        for entity in entities
    ]


def test_the_client_gets_the_entities_of_the_predictor(client, predictor):
    for text in TEXTS:
        found = [
            {name: one[name] for name in one if one[name] is not None} for one in client.token_classification(text)
        ]
        assert found == in_its_form(predictor(text))
    assert client.token_classification(TEXTS[0])


def test_the_client_finds_a_model_by_its_address(address, client, predictor):
    found = client.token_classification(TEXTS[0], model=f"{address}/models/ner")
    assert [(one.start, one.end) for one in found] == [(one["start"], one["end"]) for one in predictor(TEXTS[0])]
    with pytest.raises(HfHubHTTPError, match="no model nerr: did you mean ner") as error:
        client.token_classification(TEXTS[0], model=f"{address}/models/nerr")
    assert error.value.response.status_code == 404


def test_the_client_shows_why_it_was_refused(client):
    with pytest.raises(HfHubHTTPError, match="stride: found -1; accepted is a whole number from 0 on"):
        client.token_classification(TEXTS[0], stride=-1)


@pytest.mark.parametrize("path", ["", "/models/ner"])
def test_the_client_asks_for_health_and_description(address, client, path):
    client = InferenceClient(base_url=address + path, provider="hf-inference")
    assert client.health_check()
    assert client.get_endpoint_info() == {
        "model_id": "ner",
        "model_sha": "ner-1",
        "model_pipeline_tag": "token-classification",
        "version": __version__,
    }
    assert not client.health_check(f"{address}/models/nerr")


def test_a_text_gets_a_list_and_a_list_gets_lists(address, predictor):
    assert ask(address, TEXTS) == [in_its_form(entities) for entities in predictor(TEXTS)]
    assert ask(address, TEXTS[:1]) == [ask(address, TEXTS[0])]
    assert ask(address, []) == []
    assert ask(address, "") == []
    assert ask(address, [""]) == [[]]


def test_without_aggregation_words_are_listed(client, predictor):
    is_seen = dict.fromkeys([True, False], 0)
    for text in TEXTS:
        tags = list(enumerate(predictor.tag(text), 1))
        for ignored in (None, [], ["O", "B-PER"]):
            found = client.token_classification(text, aggregation_strategy="none", ignore_labels=ignored)
            is_ignored = ["O"] if ignored is None else ignored
            assert [drop_absent(one) for one in found] == [
                {
                    "entity": tag["tag"],
                    "score": pytest.approx(tag["score"], abs=1e-5),
                    "index": number,
                    "word": tag["text"],
                    "start": tag["start"],
                    "end": tag["end"],
                }
                for number, tag in tags
                if tag["tag"] not in is_ignored
            ]
            is_seen[len(found) == len(tags)] += 1
    assert all(is_seen.values())


@pytest.mark.parametrize("strategy", ["first", "average", "max", None])
def test_words_are_tagged_whole_so_that_strategies_agree(address, strategy):
    agreed = ask(address, TEXTS[0], aggregation_strategy="simple")
    assert ask(address, TEXTS[0], aggregation_strategy=strategy, stride=16) == agreed
    assert agreed


def test_labels_are_ignored(address, predictor):
    entities = predictor(TEXTS)
    without = ask(address, TEXTS, ignore_labels=["O", "PER"])
    assert without == [in_its_form([one for one in found if one["label"] != "PER"]) for found in entities]
    assert without != ask(address, TEXTS)
    assert ask(address, TEXTS, ignore_labels=["LOC", "PER", "O"]) == [[] for _ in TEXTS]


def test_what_is_outside_is_listed_where_it_is_not_ignored(address, predictor):
    seen = 0
    texts = [text for text in make_texts(80) if is_encodable(text)]
    for text, groups in zip(texts, ask(address, texts, ignore_labels=[]), strict=True):
        assert [one for one in groups if one["entity_group"] != "O"] == in_its_form(predictor(text))
        ends = [0, *(one["end"] for one in groups)]
        assert all(before <= one["start"] for before, one in zip(ends, groups, strict=False))
        assert all(text[one["start"] : one["end"]] == one["word"] for one in groups)
        outside = [tag for tag in predictor.tag(text) if tag["tag"] == "O"]
        runs = [one for one in groups if one["entity_group"] == "O"]
        inside = [
            [tag for tag in outside if run["start"] <= tag["start"] and tag["end"] <= run["end"]] for run in runs
        ]
        assert [tag for tags in inside for tag in tags] == outside
        for run, tags in zip(runs, inside, strict=True):
            assert (tags[0]["start"], tags[-1]["end"]) == (run["start"], run["end"])
            assert run["score"] == pytest.approx(geometric_mean(tag["score"] for tag in tags), abs=1e-5)
        seen += len(outside)
    assert seen > 20


@pytest.mark.parametrize("strategy", ["none", "simple"])
@pytest.mark.parametrize("inputs", [TEXTS[0], TEXTS[:2]])
def test_the_answer_has_the_form_of_the_pipeline(address, tagger_folder, strategy, inputs):
    stock = pipeline("token-classification", model=str(tagger_folder), aggregation_strategy=strategy)(inputs)
    ours = ask(address, inputs, aggregation_strategy=strategy)
    if isinstance(inputs, list):
        assert len(stock) == len(ours) == len(inputs)
        stock, ours = stock[0], ours[0]
    assert stock[0].keys() == ours[0].keys()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], "body: found a list; accepted is an object with inputs, parameters"),
        ({}, "body: inputs is missing; accepted are inputs, parameters"),
        ({"inputs": None}, "body: inputs is missing"),
        ({"inputs": 5}, "inputs: found a number; accepted is a text or a list of texts"),
        ({"inputs": ["a", 5]}, "inputs[1]: found a number; accepted is a text"),
        ({"inputs": [["a"]]}, "inputs[0]: found a list; accepted is a text"),
        ({"inputs": "a", "options": {}}, "body: options is unknown; accepted are inputs, parameters"),
        (
            {"inputs": "a", "parameters": []},
            "parameters: found a list; accepted is an object with aggregation_strategy",
        ),
        ({"inputs": "a", "parameters": {"agregation_strategy": "none"}}, "did you mean aggregation_strategy?"),
        (
            {"inputs": "a", "parameters": {"aggregation_strategy": "NONE"}},
            "NONE is unknown; accepted are none, simple",
        ),
        ({"inputs": "a", "parameters": {"aggregation_strategy": True}}, "found true; accepted is one of none, simple"),
        (
            {"inputs": "a", "parameters": {"ignore_labels": "O"}},
            'found a text; accepted is a list of labels, e.g. ["O"]',
        ),
        ({"inputs": "a", "parameters": {"ignore_labels": [1]}}, "parameters.ignore_labels: found a list"),
        ({"inputs": "a", "parameters": {"stride": 1.5}}, "parameters.stride: found 1.5; accepted is a whole number"),
        ({"inputs": "a", "parameters": {"stride": "1"}}, "parameters.stride: found a text"),
    ],
)
def test_what_is_not_accepted_is_named(address, body, expected):
    answer = httpx2.post(address, json=body)
    assert answer.status_code == 422
    assert expected in answer.json()["error"]
    assert answer.json().keys() == {"error", "error_type"}
