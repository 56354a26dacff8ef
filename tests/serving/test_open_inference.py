"""Version 2 of the Open Inference Protocol, with Triton's client."""

import json
import struct
from collections.abc import Iterator

import httpx2
import numpy as np
import pytest
from conftest import SENTENCES

from token_classification import __version__

triton = pytest.importorskip("tritonclient.http", reason="a client of the protocol, see requirements-test.txt")

TEXTS = ["  Anna\u0301 👍🏽 עברית\x00  ", "", *(words for words, _ in SENTENCES)]
HEADER_LENGTH = "Inference-Header-Content-Length"


@pytest.fixture
def client(address) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(address.removeprefix("http://")) as client:
        yield client


def build_input(texts: list[str], shape: list[int] | None = None, *, is_binary: bool = True) -> triton.InferInput:
    shape = shape or [len(texts)]
    tensor = triton.InferInput("text", shape, "BYTES")
    contents = np.array([text.encode() for text in texts], dtype=object).reshape(shape)
    return tensor.set_data_from_numpy(contents, binary_data=is_binary)


def nearly(found: list[dict]) -> list[dict]:
    """Scores depend on the batch in the last digits."""
    return [{**one, "score": pytest.approx(one["score"], abs=1e-5)} for one in found]


def post(url: str, content: bytes, **headers: str) -> httpx2.Response:
    return httpx2.post(f"{url}/v2/models/ner/infer", content=content, headers=headers)


def test_the_server_and_its_models_describe_themselves(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.get_server_metadata() == {
        "name": "token_classification",
        "version": __version__,
        "extensions": ["binary_tensor_data"],
    }
    for version in ("", "ner-1"):
        assert client.is_model_ready("ner", version)
        assert client.get_model_metadata("ner", version) == {
            "name": "ner",
            "versions": ["ner-1"],
            "platform": "token_classification_torch",
            "inputs": [{"name": "text", "datatype": "BYTES", "shape": [-1]}],
            "outputs": [{"name": "entities", "datatype": "BYTES", "shape": [-1]}],
        }
    assert not client.is_model_ready("pos")
    assert not client.is_model_ready("ner", "ner-2")


@pytest.mark.parametrize("is_binary", [True, False])
@pytest.mark.parametrize("outputs", [None, [True], [False]])
@pytest.mark.parametrize("version", ["", "ner-1"])
def test_texts_are_tagged_in_any_form_of_tensor(client, predictor, is_binary, outputs, version):
    wanted = outputs and [triton.InferRequestedOutput("entities", binary_data=binary) for binary in outputs]
    tensor = build_input(TEXTS, is_binary=is_binary)
    answer = client.infer("ner", [tensor], model_version=version, outputs=wanted, request_id="7")
    found = [json.loads(one) for one in answer.as_numpy("entities")]
    assert found == list(map(nearly, predictor(TEXTS)))
    assert any(found)
    described = answer.get_response()
    assert (described["model_name"], described["model_version"], described["id"]) == ("ner", "ner-1", "7")
    assert answer.get_output("entities")["datatype"] == "BYTES"
    assert ("data" in answer.get_output("entities")) == (outputs == [False])


@pytest.mark.parametrize("shape", [[4], [4, 1], [2, 2], [1, 4]])
@pytest.mark.parametrize("is_binary", [True, False])
def test_the_output_has_the_shape_of_the_input(client, predictor, shape, is_binary):
    answer = client.infer("ner", [build_input(TEXTS[:4], shape, is_binary=is_binary)]).as_numpy("entities")
    assert list(answer.shape) == shape
    assert [json.loads(one) for one in answer.ravel()] == list(map(nearly, predictor(TEXTS[:4])))


def test_no_texts_give_no_answers(client):
    for is_binary in (True, False):
        assert client.infer("ner", [build_input([], is_binary=is_binary)]).as_numpy("entities").shape == (0,)


def test_nested_data_and_half_characters_are_read(address, predictor):
    texts = ["Anna \ud800 Smith", "Paris", "Anna", ""]
    tensor = {"name": "text", "shape": [2, 2], "datatype": "BYTES", "data": [texts[:2], texts[2:]]}
    answer = post(address, json.dumps({"inputs": [tensor]}).encode()).json()
    [output] = answer["outputs"]
    assert output["shape"] == [2, 2]
    assert list(map(json.loads, output["data"])) == list(map(nearly, predictor(texts)))
    assert "id" not in answer


def test_parameters_of_other_servers_clients_are_understood(address):
    tensor = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a"], "parameters": {"content_type": "str"}}
    assert post(address, json.dumps({"inputs": [tensor]}).encode()).status_code == 200


def test_the_client_shows_why_it_was_refused(client):
    for model, version, expected in (("nerr", "", "did you mean ner?"), ("ner", "2", "no version 2; served is ner-1")):
        with pytest.raises(triton.InferenceServerException, match=expected) as error:
            client.infer(model, [build_input(["a"])], model_version=version)
        assert error.value.status() == "404"
        with pytest.raises(triton.InferenceServerException, match=expected):
            client.get_model_metadata(model, version)
    with pytest.raises(triton.InferenceServerException, match="labels is unknown; accepted is entities"):
        client.infer("ner", [build_input(["a"])], outputs=[triton.InferRequestedOutput("labels")])
    with pytest.raises(triton.InferenceServerException, match="priority is unknown; accepted is binary_data_output"):
        client.infer("ner", [build_input(["a"])], priority=1)
    numbers = triton.InferInput("text", [1], "INT32").set_data_from_numpy(np.array([1], dtype=np.int32))
    with pytest.raises(triton.InferenceServerException, match="datatype: INT32 is unknown; accepted is BYTES"):
        client.infer("ner", [numbers])
    with pytest.raises(
        triton.InferenceServerException, match="inputs: found a list; accepted is a list of one input, text"
    ):
        client.infer("ner", [build_input(["a"]), build_input(["a"])])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": "TEXT"}, "inputs[0].name: TEXT is unknown; accepted is text; did you mean text?"),
        ({"name": 5}, "inputs[0].name: found a number; accepted is one of text"),
        ({"shape": [3]}, "inputs[0]: the shape [3] is not that of 2 texts"),
        ({"shape": []}, "inputs[0]: the shape [] is not that of 2 texts"),
        ({"shape": [1] * 100_000}, "inputs[0].shape: found 100,000 numbers; accepted are 8"),
        ({"shape": 2}, "inputs[0].shape: found a number; accepted is a list of whole numbers"),
        ({"shape": [-2]}, "inputs[0].shape[0]: found -2; accepted is a whole number"),
        ({"data": "ab"}, "inputs[0].data: found a text; accepted is a list of texts"),
        ({"data": ["a", ["b", 5]]}, "inputs[0].data[1][1]: found a number; accepted is a text"),
        ({"data": None}, "inputs[0]: has no data; accepted is data, or the parameter binary_data_size"),
        ({"parameters": {"binary_data_size": 0}}, "has both data and binary_data_size"),
        ({"data": None, "parameters": {"binary_data_size": 5}}, "has 5 binary bytes, but 0 stand behind the JSON"),
        ({"parameters": {"content_type": "np"}}, "content_type: np is unknown; accepted is str"),
        ({"parameters": {"shared_memory_region": "a"}}, "shared_memory_region is unknown"),
    ],
)
def test_tensors_that_are_none_are_refused(address, changes, expected):
    tensor = {"name": "text", "shape": [2], "datatype": "BYTES", "data": ["a", "b"]} | changes
    answer = post(address, json.dumps({"inputs": [tensor]}).encode())
    assert answer.status_code in (400, 422)
    assert expected in answer.json()["error"]


def pack(*contents: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(content)) + content for content in contents)


@pytest.mark.parametrize(
    ("binary", "expected"),
    [
        (pack(b"Anna"), "the shape [2] is not that of 1 texts"),
        (pack(b"a", b"b", b"c"), "the shape [2] is not that of 3 texts"),
        (pack(b"Anna", b"Paris")[:-1], "text 1 has 5 bytes, but 4 are left"),
        (pack(b"Anna", b"Paris")[:10], "text 1 ends within its length"),
        (struct.pack("<I", 2**32 - 1), "text 0 has 4,294,967,295 bytes, but 0 are left"),
        (pack(b"Anna", b"Pa\xffris"), "text 1 is not UTF-8 (byte 2 of it)"),
        (pack(b"Anna", "\ud800".encode(errors="surrogatepass")), "text 1 is not UTF-8 (byte 0 of it)"),
    ],
)
def test_bytes_that_are_no_texts_are_refused(address, binary, expected):
    tensor = {"name": "text", "shape": [2], "datatype": "BYTES", "parameters": {"binary_data_size": len(binary)}}
    header = json.dumps({"inputs": [tensor]}).encode()
    answer = post(address, header + binary, **{HEADER_LENGTH: str(len(header))})
    assert answer.status_code == 400
    assert expected in answer.json()["error"]


@pytest.mark.parametrize("length", ["0", "-1", "1e1", "²", "10000", "", "9" * 400, "9" * 5000])
def test_a_length_of_the_json_that_is_none_is_refused(address, length):
    headers = {HEADER_LENGTH: length.encode("latin-1", "replace")}
    answer = httpx2.post(f"{address}/v2/models/ner/infer", content=b"{}", headers=headers)
    assert answer.status_code == 400
    assert f"{HEADER_LENGTH}: found" in answer.json()["error"]


def test_the_types_of_other_sites_forms_are_refused(address):
    tensor = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a"]}
    body = json.dumps({"inputs": [tensor]}).encode()
    for kind, status in (("application/octet-stream", 200), ("application/json", 200), ("text/plain", 415)):
        assert post(address, body, **{"Content-Type": kind}).status_code == status
