"""Label Studio's protocol: a prediction for each task, entities where they are, refusals that say why."""

import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inference_texts import ANYTHING
from serving_apps import build_served_app
from starlette.testclient import TestClient
from table_model import save_table

from token_classification import Predictor

CONFIG = """<View>
  <Labels name="label" toName="text"><Label value="PER"/><Label value="LOC"/></Labels><Text name="text" value="$text"/>
</View>"""
ROWS = {"Mira": {"B-PER": 9.0}, "Tol": {"B-PER": 9.0}, "Kas": {"I-PER": 9.0}, "Ber": {"B-LOC": 9.0}}


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Predictor:
    """What it finds can be read off ROWS."""
    return Predictor.from_pretrained(save_table(tmp_path_factory.mktemp("table"), ROWS))


@pytest.fixture(scope="module")
def asked(table) -> Iterator[TestClient]:
    """A client of the application that serves it."""
    with TestClient(build_served_app(table, max_texts_per_request=4)) as client:
        yield client


def predict(client, texts: list[str], config: str = CONFIG, path: str = "/predict") -> dict:
    """Ask as Label Studio does."""
    tasks = [{"id": number, "data": {"text": text}, "project": 1} for number, text in enumerate(texts, 1)]
    params = {"login": None, "password": None, "context": None}
    body = {"tasks": tasks, "project": "1.1790000000", "label_config": config, "params": params}
    answer = client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    return answer.json()


def list_marked(text: str, prediction: dict) -> list[tuple[str, str]]:
    values = [region["value"] for region in prediction["result"]]
    assert [text[value["start"] : value["end"]] for value in values] == [value["text"] for value in values]
    return [(value["text"], *value["labels"]) for value in values]


@given(texts=st.lists(ANYTHING, max_size=4))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_regions_are_the_entities_of_the_predictor(client, predictor, texts):
    regions = [
        [
            {
                **region["value"],
                "label": region["value"]["labels"][0],
                "score": pytest.approx(region["score"], abs=1e-5),
            }
            for region in prediction["result"]
        ]
        for prediction in predict(client, texts)["results"]
    ]
    entities = [[{**one, "labels": [one["label"]]} for one in found] for found in predictor(texts)]
    assert entities == regions


def test_a_region_is_what_label_studio_stores(asked, table):
    text = "  😀 Mira Kas met Tol"
    [prediction] = predict(asked, [text])["results"]
    first, second = table(text)
    assert prediction["result"][0] == {
        "from_name": "label",
        "to_name": "text",
        "type": "labels",
        "value": {"start": 4, "end": 12, "text": "Mira Kas", "labels": ["PER"]},
        "score": pytest.approx(first["score"], abs=1e-6),
    }
    assert prediction["result"][1]["value"]["start"] == second["start"] == text.index("Tol")
    assert prediction["model_version"].startswith("ner")


def test_tasks_without_entities_keep_their_place(asked):
    texts = ["met in", "Mira", "", "in", "Ber met Tol", "met", "  "] * 3
    predictions = predict(asked, texts)["results"]
    expected = [[], ["Mira"], [], [], ["Ber", "Tol"], [], []] * 3
    found = [[marked for marked, _ in list_marked(*pair)] for pair in zip(texts, predictions, strict=True)]
    assert found == expected


def test_neighbours_of_one_label_stay_apart(asked):
    text = "Mira Tol Kas Mira,Mira"
    [prediction] = predict(asked, [text])["results"]
    assert [marked for marked, _ in list_marked(text, prediction)] == ["Mira", "Tol Kas", "Mira", "Mira"]


def test_nothing_is_cut_off(asked):
    text = "met in " * 2000 + "Mira " + "in met " * 2000 + "Ber"
    [prediction] = predict(asked, [text])["results"]
    assert list_marked(text, prediction) == [("Mira", "PER"), ("Ber", "LOC")]


def test_the_score_of_a_task_is_that_of_its_least_sure_word(tmp_path):
    predictor = Predictor.from_pretrained(save_table(tmp_path, ROWS | {"met": {"O": 1.0}}))
    with TestClient(build_served_app(predictor)) as client:
        sure, least, none = predict(client, ["Mira in Ber", "Mira met Tol in Ber", ""])["results"]
    assert least["score"] == pytest.approx(min(tag["score"] for tag in predictor.tag("Mira met Tol in Ber")), abs=1e-6)
    assert least["score"] < 0.5 < sure["score"]
    assert none["score"] is None


def test_entities_whose_label_the_project_lacks_are_counted(asked):
    config = CONFIG.replace('<Label value="LOC"/>', '<Label value="Date"/>')
    answer = predict(asked, ["Mira in Ber", "Ber"], config)
    assert [[value for value, _ in list_marked("Mira in Ber", one)] for one in answer["results"]] == [["Mira"], []]
    assert answer["left_out"] == {"LOC": 2}
    assert predict(asked, ["Mira in Ber"])["left_out"] == {}


def test_several_texts_in_a_task(asked):
    config = """<View><Text name="head" value="$head"/><Text name="body" value="$article.body"/>
      <Labels name="who" toName="head,body"><Label value="Person" alias="PER"/></Labels>
      <Labels name="where" toName="body"><Label value="Place" predicted_values="LOC"/></Labels></View>"""
    data = {"head": "Tol in Ber", "article": {"body": " Ber, Mira"}}
    answer = asked.post("/predict", json={"tasks": [{"id": 1, "data": data}] * 3, "label_config": config}).json()
    regions = [
        ("who", "head", {"start": 0, "end": 3, "text": "Tol", "labels": ["PER"]}),
        ("where", "body", {"start": 1, "end": 4, "text": "Ber", "labels": ["Place"]}),
        ("who", "body", {"start": 6, "end": 10, "text": "Mira", "labels": ["PER"]}),
    ]
    for prediction in answer["results"]:
        assert [(one["from_name"], one["to_name"], one["value"]) for one in prediction["result"]] == regions
    assert answer["left_out"] == {"LOC": 3}


def test_a_path_is_looked_up_as_a_name_first(asked):
    config = CONFIG.replace("$text", "$a.b")
    tasks = [{"data": {"a.b": "Mira", "a": {"b": "met Tol"}}}, {"data": {"a": {"b": "met Tol"}}}]
    answer = asked.post("/predict", json={"tasks": tasks, "label_config": config}).json()
    assert [one["result"][0]["value"]["text"] for one in answer["results"]] == ["Mira", "Tol"]


def test_half_characters_count_as_one(asked):
    [prediction] = predict(asked, ["\ud83d Mira"])["results"]
    assert prediction["result"][0]["value"]["start"] == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tasks": None}, ["tasks", "a list of tasks"]),
        ({"tasks": ["Mira"]}, ["tasks[0]", "a text", "a task"]),
        ({"tasks": [{"data": {"text": "Mira"}}, {"id": 7}]}, ["tasks[1].data.text", "null", "a text"]),
        ({"tasks": [{"data": {"text": 2020}}]}, ["tasks[0].data.text", "a number", "a text"]),
        ({"tasks": [{"data": ["Mira"]}]}, ["tasks[0].data.text", "a text"]),
        ({"label_config": None}, ["label_config", "XML"]),
        ({"label_config": "<View/>"}, ["label_config", "<Labels"]),
    ],
)
def test_what_is_refused(asked, change, words):
    body = {"tasks": [{"data": {"text": "Mira"}}], "label_config": CONFIG} | change
    answer = asked.post("/predict", json=body)
    assert answer.status_code == 422
    assert [word for word in words if word not in answer.json()["error"]] == []
    assert asked.post("/predict", json=[body]).status_code == 422


def test_setting_up(asked, caplog):
    body = {"project": "1.1790000000", "schema": CONFIG, "hostname": "http://localhost:8080", "access_token": "secret"}
    version = asked.post("/setup", json=body).json()["model_version"]
    assert asked.get("/versions").json() == {"versions": [version]}
    assert predict(asked, ["Mira"])["results"][0]["model_version"] == version
    with caplog.at_level(logging.WARNING):
        refused = asked.post("/setup", json=body | {"schema": CONFIG.replace("PER", "X&#10;Y").replace("LOC", "Z")})
    assert refused.status_code == 422
    assert "PER" in refused.json()["error"]
    [record] = [record for record in caplog.records if "label_config" in record.getMessage()]
    assert "\n" not in record.getMessage()
    assert "secret" not in caplog.text


def test_each_model_has_paths_of_its_own(asked):
    assert asked.get("/models/other/health").json()["status"] == "UP"
    version = asked.post("/models/other/setup", json={"schema": CONFIG}).json()["model_version"]
    assert version.startswith("other")
    [prediction] = predict(asked, ["Mira"], path="/models/other/predict")["results"]
    assert prediction["model_version"] == version
    assert asked.post("/models/nobody/setup", json={"schema": CONFIG}).status_code == 404
    assert asked.get("/versions?name=other").json()["versions"] != [version]


def test_health_and_the_root(asked):
    # Label Studio sends what `requests` sends by itself.
    for path in ("/health", "/"):
        answer = asked.get(path, headers={"Accept": "*/*", "User-Agent": "heartex/1.23.2"})
        assert (answer.status_code, answer.json()["status"]) == (200, "UP")
    refused = asked.put("/")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, POST")


def test_webhooks(asked):
    assert asked.post("/webhook", json={"action": "ANNOTATION_CREATED", "task": {}}).json() == {"status": "ignored"}
    refused = asked.post("/webhook", json={"action": "START_TRAINING", "project": {"id": 1}})
    assert refused.status_code == 501
    assert "does not train" in refused.json()["error"]
