"""A server for the page, whose answers tests write down beforehand."""

import asyncio
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace

from fastapi import FastAPI, Request, Response
from serving_apps import served_at

from token_classification.arguments.serving import ServingArguments
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.inference.texts import place_words
from token_classification.serving import page
from token_classification.serving.metrics import Metrics
from token_classification.serving.requests import respond

NAMES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
Found = Sequence[tuple[str, str, float]]
"""What a text contains, in order: a part of it, its label and its score"""


def describe_model(name: str, names: Sequence[str] = NAMES) -> SimpleNamespace:
    """As much of a `ServedModel` as the page wants to know."""
    label_set = LabelSet(tuple(names), Scheme.IOB2)
    return SimpleNamespace(
        name=name, version=f"{name}-1", predictor=SimpleNamespace(engine=SimpleNamespace(label_set=label_set))
    )


class PageServer:
    """The page, and `POST /v1/entities` with the answers that are planned for its texts."""

    def __init__(self) -> None:
        self.url = ""
        self.gate = threading.Event()
        self.reset()

    def reset(self) -> None:
        """Forget all plans."""
        self.plans: dict[str, Found] = {}
        self.asked: list[dict] = []
        self.refusal: Response | None = None
        self.gate.set()

    def plan(self, text: str | list[str], *found: tuple[str, str, float]) -> list[dict]:
        """Plan the answer to a text, and return its entities."""
        self.plans[text if isinstance(text, str) else " ".join(text)] = found
        return self.answer(text)["entities"]

    def answer(self, text: str | list[str]) -> dict:
        """What is answered about a text: places count characters, as everywhere in the server."""
        said, spans, _ = place_words(text, "punctuation")
        entities, end = [], 0
        for part, label, score in self.plans.get(said, ()):
            start = said.index(part, end)
            end = start + len(part)
            entities.append({"start": start, "end": end, "label": label, "score": score, "text": part})
        tags = tag_words(spans, entities)
        words = [
            {"start": first, "end": last, "tag": tag, "score": 0.5, "text": said[first:last]}
            for (first, last), tag in zip(spans, tags, strict=True)
        ]
        return {"entities": entities, "words": words}

    def build_app(self, names: Sequence[str], labels: Sequence[str]) -> FastAPI:
        """The page's router beside the answers."""
        app = FastAPI()
        app.state.arguments, app.state.metrics = ServingArguments(), Metrics()
        models = [describe_model(name, labels) for name in names]
        app.include_router(page.build_router(models, ServingArguments()))

        @app.post("/v1/entities")
        async def find(request: Request) -> Response:
            self.asked.append(await request.json())
            await asyncio.to_thread(self.gate.wait)
            if self.refusal:
                return self.refusal
            return respond({"results": [self.answer(text) for text in self.asked[-1]["texts"]]})

        return app


def tag_words(spans: Sequence[tuple[int, int]], entities: Sequence[dict]) -> list[str]:
    """The tags of words; both words and entities are in the order of the text."""
    tags, left = [], deque(entities)
    for start, _ in spans:
        while left and left[0]["end"] <= start:
            left.popleft()
        is_inside = left and left[0]["start"] <= start
        tags.append(("B-" if start == left[0]["start"] else "I-") + left[0]["label"] if is_inside else "O")
    return tags


@contextmanager
def run_page_server(names: Sequence[str] = ("ner",), labels: Sequence[str] = NAMES) -> Iterator[PageServer]:
    """Run a page server for models of these names."""
    server = PageServer()
    with served_at(server.build_app(names, labels)) as served:
        server.url = served.address
        yield server
        server.gate.set()
