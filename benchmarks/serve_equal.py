#!/usr/bin/env python
"""Random Unicode texts over each protocol of `serve`: every span must be that of `Predictor` on the same text.

python benchmarks/serve_equal.py MODEL [--texts 10000] [--seed 0] [--clients 8]

The server is a process of its own. It is asked with the clients that users have: `huggingface_hub.InferenceClient`,
`tritonclient.http` with tensors as bytes, and `httpx2` for plain JSON. What these clients can't send (half characters,
which UTF-8 does not have) goes to the same address as JSON with escapes. Several clients ask at once, so that texts of
different requests share batches; `Predictor` is given each text alone. Prints Markdown; the exit code is 1 if a span
differs.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import httpx2
from servers import ROOT, describe_machine, start_ours

sys.path.insert(0, str(ROOT))

WORDS = """Anna Smith moved from Berlin to New York in May 2021 , and joined Acme Corporation as a manager . She didn't
write O'Neil @user #tag http://t.co/x U.S. 3,000 10% e-mail Straße Москва 東京都 été Ångström don't (Mass.) ..."""
CHARACTERS = {
    "astral": "😀👍🏽🇩🇪👨‍👩‍👧𝔘𝕏𐍈🂡",
    "combining": "a\u0301e\u0308o\u0302n\u0303\u0489\u20dd",
    "right to left": "שלוםعربي\u200f\u202b\u202e\u2067ﷺ",
    "controls": "\x00\x01\x07\x08\x0b\x1b\x1f\x7f\x85\x9f",
    "blanks": " \t\n\r\xa0\u2003\u2028\u2029\u3000\u200b\ufeff",
    "other": "東京タワーกรุงเทพ한국어ÅﬁŉǅıßẞΣς",
    "marks": ".,:;'’\"-–—&#@/\\_%$§°|<>{}[]()!?",
    "halves": "\ud800\udbff\udc00\udfff",
}


def make_texts(count: int, seed: int = 0) -> list[str]:
    """Make texts of words and unusual characters; some are empty or blank at the edges, some are long."""
    chance = random.Random(seed)
    return [_make_text(chance) for _ in range(count)]


def _make_text(chance: random.Random) -> str:
    size = chance.choices([0, 1, chance.randint(2, 30), chance.randint(30, 120), 800], [20, 50, 825, 100, 5])[0]
    pools = list(CHARACTERS.values())
    # Half characters make a text one that most clients can't send: one text in ten has them.
    if chance.random() < 0.9:
        pools.remove(CHARACTERS["halves"])
    words, parts = WORDS.split(), []
    for _ in range(size):
        if chance.random() < 0.6:
            parts.append(chance.choice(words))
        else:
            pool = chance.choice(pools)
            parts.append("".join(chance.choices(pool, k=chance.randint(1, 4))))
        if chance.random() < 0.8:
            parts.append(" ")
    edge = chance.choice(["", "", " ", "\n", "\u2003\t", "\ufeff"])
    # Two halves that make a whole are one character in JSON.
    return json.loads(json.dumps(edge + "".join(parts) + edge))


Span = tuple[int, int, str, float]
"""Start, end, label and score of an entity"""

MODEL_NAME = "ner"
TEXTS_PER_REQUEST = 20


def ask_huggingface(url: str, texts: Sequence[str]) -> list[list[Span]]:
    """Ask with `InferenceClient`, text by text as it takes them."""
    from huggingface_hub import InferenceClient

    client = InferenceClient(base_url=f"{url}/models/{MODEL_NAME}")
    answers = []
    for text in texts:
        if is_encodable(text):
            found = [vars(one) for one in client.token_classification(text)]
        else:
            [found] = post(url, {"inputs": [text]})
        assert all(text[one["start"] : one["end"]] == one["word"] for one in found)
        answers.append([(one["start"], one["end"], one["entity_group"], one["score"]) for one in found])
    return answers


def ask_own_api(url: str, texts: Sequence[str]) -> list[list[Span]]:
    """Ask `/v1/entities`, all texts in one request."""
    results = post(f"{url}/v1/entities", {"texts": list(texts)})["results"]
    return [list_spans(text, result["entities"]) for text, result in zip(texts, results, strict=True)]


def ask_open_inference(url: str, texts: Sequence[str]) -> list[list[Span]]:
    """Ask with `tritonclient`, all texts in one tensor of bytes."""
    import numpy as np
    from tritonclient.http import InferenceServerClient, InferInput

    sent = [text for text in texts if is_encodable(text)]
    rest = [text for text in texts if not is_encodable(text)]
    tensor = InferInput("text", [len(sent)], "BYTES")
    tensor.set_data_from_numpy(np.array([text.encode() for text in sent], dtype=object))
    with InferenceServerClient(url.removeprefix("http://")) as client:
        answers = client.infer(MODEL_NAME, [tensor]).as_numpy("entities")
    found = dict(zip(sent, answers, strict=True))
    tensor = {"name": "text", "shape": [len(rest)], "datatype": "BYTES", "data": rest}
    [output] = post(f"{url}/v2/models/{MODEL_NAME}/infer", {"inputs": [tensor]})["outputs"]
    found.update(zip(rest, output["data"], strict=True))
    return [list_spans(text, json.loads(found[text])) for text in texts]


def ask_label_studio(url: str, texts: Sequence[str]) -> list[list[Span]]:
    """Ask as Label Studio does, each text a task."""
    question = httpx2.get(f"{url}/openapi.json").json()["paths"]["/v1/entities"]["post"]["requestBody"]
    [_, by_label] = question["content"]["application/json"]["schema"]["properties"]["threshold"]["anyOf"][0]["anyOf"]
    labels = "".join(f"<Label value={quoteattr(label)}/>" for label in by_label["properties"])
    config = f'<View><Labels name="l" toName="t">{labels}</Labels><Text name="t" value="$text"/></View>'
    tasks = [{"id": number, "data": {"text": text}} for number, text in enumerate(texts)]
    results = post(f"{url}/models/{MODEL_NAME}/predict", {"tasks": tasks, "label_config": config})["results"]
    return [
        list_spans(
            text,
            [
                {**region["value"], "label": region["value"]["labels"][0], "score": region["score"]}
                for region in result["result"]
            ],
        )
        for text, result in zip(texts, results, strict=True)
    ]


PROTOCOLS: dict[str, Callable[[str, Sequence[str]], list[list[Span]]]] = {
    "Hugging Face": ask_huggingface,
    "/v1/entities": ask_own_api,
    "Open Inference": ask_open_inference,
    "Label Studio": ask_label_studio,
}


def is_encodable(text: str) -> bool:
    """Tell whether UTF-8 can hold a text: it has no half characters."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def post(url: str, body: object) -> Any:
    """Post JSON in ASCII, which can hold any text."""
    headers = {"Content-Type": "application/json"}
    answer = httpx2.post(url, content=json.dumps(body), headers=headers, timeout=60)
    answer.raise_for_status()
    return json.loads(answer.content)


def list_spans(text: str, entities: Sequence[dict]) -> list[Span]:
    """List the spans of entities, each of which must be where it says."""
    assert all(text[one["start"] : one["end"]] == one["text"] for one in entities)
    return [(one["start"], one["end"], one["label"], one["score"]) for one in entities]


def ask_all(ask: Callable[[str, Sequence[str]], list[list[Span]]], url: str, texts: list[str], clients: int) -> list:
    """Ask for the spans of all texts, several clients at once."""
    parts = [texts[start : start + TEXTS_PER_REQUEST] for start in range(0, len(texts), TEXTS_PER_REQUEST)]
    with ThreadPoolExecutor(clients) as pool:
        return [spans for answers in pool.map(lambda part: ask(url, part), parts) for spans in answers]


def compare(found: Sequence[list[Span]], expected: Sequence[list[Span]]) -> tuple[int, float]:
    """Return how many spans are found but not expected or the reverse, and the largest difference of scores."""
    differing, farthest = 0, 0.0
    for ours, theirs in zip(found, expected, strict=True):
        scores = {span[:3]: span[3] for span in theirs}
        differing += len({span[:3] for span in ours} ^ scores.keys())
        farthest = max([farthest, *(abs(span[3] - scores[span[:3]]) for span in ours if span[:3] in scores)])
    return differing, farthest


def main() -> None:
    """Compare each protocol with `Predictor`, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    # The client of Hugging Face asks nobody but the server, but being offline it would refuse even that.
    os.environ["HF_HUB_OFFLINE"] = "0"
    from token_classification import Predictor

    texts = make_texts(options.texts, options.seed)
    predictor = Predictor.from_pretrained(options.model)
    expected = [list_spans(text, predictor(text)) for text in texts]
    spans, characters = sum(map(len, expected)), sum(map(len, texts))
    print(describe_machine(), "\n")
    print(f"{len(texts):,} texts, {characters:,} characters, {spans:,} entities, {options.clients} clients\n")
    print("| protocol | spans that differ | largest difference of scores | texts/s |")
    print("| --- | ---: | ---: | ---: |")
    together = [list_spans(text, found) for text, found in zip(texts, predictor(texts), strict=True)]
    differing, farthest = compare(together, expected)
    print(f"| none: `Predictor` itself, all texts at once | {differing} | {farthest:.1e} | |")
    total = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        start_ours(f"{MODEL_NAME}={options.model}", Path(folder)) as server,
    ):
        for name, ask in PROTOCOLS.items():
            start = time.perf_counter()
            found = ask_all(ask, f"http://127.0.0.1:{server.port}", texts, options.clients)
            seconds = time.perf_counter() - start
            differing, farthest = compare(found, expected)
            total += differing
            print(f"| {name} | {differing} | {farthest:.1e} | {len(texts) / seconds:,.0f} |", flush=True)
    sys.exit(total > 0)


if __name__ == "__main__":
    main()
