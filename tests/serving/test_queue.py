"""The queue of a served model: answers are those of `Predictor`, whoever else is served and whatever goes wrong."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from conftest import SENTENCES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inference_texts import ANYTHING

from token_classification import Predictor
from token_classification.alignment.align import AlignedSplit
from token_classification.data.sentences import Sentences
from token_classification.scoring.decode import plan_levels
from token_classification.scoring.predict import Inputs
from token_classification.serving import queue as queue_module
from token_classification.serving.errors import RequestError
from token_classification.serving.queue import LONG_TEXT, TaggingQueue

TEXTS = [words for words, _ in SENTENCES]
SNOWMAN = "☃"
SECONDS = 60
"""Whatever waits in these tests waits no longer"""


class Gate:
    """A model that stands still until it is let go; it keeps what it was asked."""

    def __init__(self, run_model) -> None:
        self.run_model = run_model
        self.batches: list[np.ndarray] = []
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self, inputs: Inputs, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        self.batches.append(inputs["input_ids"].copy())
        self.entered.set()
        assert self.open.wait(SECONDS)
        return self.run_model(inputs, rows, columns)


def align(predictor: Predictor, *words: str) -> AlignedSplit:
    return predictor.engine.aligner.align(Sentences([list(words)]))


def with_model(predictor: Predictor, run_model) -> Predictor:
    loop = replace(predictor.engine.loop, run_model=run_model)
    return replace(predictor, engine=replace(predictor.engine, loop=loop))


@pytest.fixture(scope="module")
def predictor(tagger_folder) -> Predictor:
    predictor = Predictor.from_pretrained(tagger_folder)
    for length in (1, 2, 4, 8, 16, 32, 200):
        predictor([["Anna"] * length] * 2)  # from here on it is known which windows may share a batch
    return predictor


@pytest.fixture
def gate(predictor) -> Gate:
    return Gate(predictor.engine.loop.run_model)


def serve(predictor: Predictor, ask: Callable[[TaggingQueue], Awaitable], **options) -> object:
    """Start a queue, ask it, and close it."""

    async def run() -> object:
        queue = TaggingQueue(predictor, **options)
        queue.start()
        try:
            return await asyncio.wait_for(ask(queue), SECONDS)
        finally:
            await asyncio.wait_for(queue.drain(), SECONDS)
            assert queue.depth == 0

    return asyncio.run(run())


async def until(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, SECONDS)


def with_streams(predictor: Predictor, streams: int) -> Predictor:
    loop = replace(predictor.engine.loop, streams=streams)
    return replace(predictor, engine=replace(predictor.engine, loop=loop))


@given(st.lists(st.lists(ANYTHING, max_size=3), max_size=6), st.integers(1, 3))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_answers_are_those_of_the_predictor(predictor, requests, streams):
    async def ask(queue: TaggingQueue) -> list:
        return await asyncio.gather(*[queue.tag(texts) for texts in requests])

    answers = serve(with_streams(predictor, streams), ask, batch_wait_s=0.0)
    for texts, answered in zip(requests, answers, strict=True):
        expected = predictor.tag_texts(texts)
        assert [(row.text, row.spans, row.tags) for row in answered] == [
            (row.text, row.spans, row.tags) for row in expected
        ]
        for ours, theirs in zip(answered, expected, strict=True):
            assert ours.scores == pytest.approx(theirs.scores, abs=1e-5)


@pytest.mark.parametrize("streams", [1, 3])
@pytest.mark.parametrize("characters", [2_000, LONG_TEXT + 1_000])
@pytest.mark.parametrize("decoder", ["argmax", "viterbi"])
def test_long_texts_and_both_decoders(predictor, characters, decoder, streams):
    words = " ".join(" ".join(row) for row in TEXTS).split()
    text = " ".join(words * (1 + characters // len(" ".join(words))))

    asked, by_default = serve(
        with_streams(predictor, streams),
        lambda queue: asyncio.gather(queue.tag([text, *TEXTS], decoder), queue.tag([text])),
    )
    engine = predictor.engine
    loop = replace(engine.loop, levels=plan_levels(engine.label_set, decoder))
    expected = replace(predictor, engine=replace(engine, loop=loop)).tag_texts([text, *TEXTS])
    assert [row.tags for row in asked] == [row.tags for row in expected]
    assert [row.tags for row in by_default] == [row.tags for row in predictor.tag_texts([text])]


def test_texts_that_arrive_together_share_a_batch(predictor, gate):
    gate.open.set()

    async def ask(queue: TaggingQueue) -> list:
        return await asyncio.gather(*[queue.tag([text]) for text in TEXTS[:3]])

    serve(with_model(predictor, gate), ask, batch_wait_s=0.5)
    assert len(gate.batches) < 3


def test_as_many_batches_run_at_a_time_as_there_are_streams(predictor):
    """Each waits for the others inside of the model; what arrives at once is divided among them."""
    together = threading.Barrier(3, timeout=SECONDS)

    def run_model(inputs: Inputs, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        together.wait()
        return predictor.engine.loop.run_model(inputs, rows, columns)

    words = [["London"] * 9, ["Anna"] * 9, ["Paris"] * 9]
    answers = serve(with_streams(with_model(predictor, run_model), 3), lambda queue: queue.tag(words))
    assert [row.tags for row in answers] == [row.tags for row in predictor.tag_texts(words)]


def test_a_full_queue_says_so_at_once_and_goes_on(predictor, gate):
    async def ask(queue: TaggingQueue) -> list:
        first = asyncio.create_task(queue.tag(TEXTS[:2]))
        await until(gate.entered)
        with pytest.raises(RequestError) as refusal:
            await queue.tag(TEXTS[:2])
        assert refusal.value.status == 429
        assert int(refusal.value.headers["Retry-After"]) >= 1
        third = asyncio.create_task(queue.tag(TEXTS[2:3]))
        gate.open.set()
        answers = await asyncio.gather(first, third)
        return [*answers, await queue.tag(TEXTS[:2])]

    first, _, again = serve(with_model(predictor, gate), ask, capacity=3)
    assert [row.tags for row in first] == [row.tags for row in again]


def test_what_never_fits_is_not_worth_trying_again(predictor):
    async def ask(queue: TaggingQueue) -> int:
        with pytest.raises(RequestError) as refusal:
            await queue.tag(["a" * 9000])
        return refusal.value.status

    assert serve(predictor, ask, capacity=3) == 413


def test_texts_that_nobody_waits_for_are_dropped(predictor, gate):
    async def ask(queue: TaggingQueue) -> None:
        first = asyncio.create_task(queue.tag([["Anna"]]))
        await until(gate.entered)
        gone = asyncio.create_task(queue.tag([["London"] * 7, ["London"] * 150]))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert queue.depth == 1
        gate.open.set()
        await first

    serve(with_model(predictor, gate), ask)
    assert [batch.shape[0] for batch in gate.batches] == [1]


def test_a_long_text_does_not_hold_up_short_ones(predictor, gate, monkeypatch):
    """It has some hundred windows; a short text that arrives later waits for two or three of them."""
    # Not the machine's: whose turn it is must not depend on how slow that is today.
    clock = count()
    monkeypatch.setattr(queue_module, "monotonic", lambda: next(clock) / 1000)

    async def ask(queue: TaggingQueue) -> None:
        long = asyncio.create_task(queue.tag([["London"] * 5000]))
        await until(gate.entered)
        short = asyncio.create_task(queue.tag([["Anna"]]))
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(short, long)

    serve(with_model(predictor, gate), ask, batch_tokens=64)
    anna = align(predictor, "Anna").windows.input_ids[1]
    turn = next(place for place, batch in enumerate(gate.batches) if (batch == anna).any())
    assert turn <= 3 < 50 < len(gate.batches)


def test_closing_answers_what_was_taken_and_takes_no_more(predictor, gate):
    async def run() -> None:
        queue = TaggingQueue(with_model(predictor, gate))
        queue.start()
        asked = [asyncio.create_task(queue.tag([text])) for text in TEXTS]
        await until(gate.entered)
        closing = asyncio.create_task(queue.drain())
        await asyncio.sleep(0)
        with pytest.raises(RequestError) as refusal:
            await queue.tag(["late"])
        assert refusal.value.status == 503
        gate.open.set()
        answers = await asyncio.wait_for(asyncio.gather(*asked), SECONDS)
        await asyncio.wait_for(closing, SECONDS)
        assert [row.tags for [row] in answers] == [row.tags for row in predictor.tag_texts(TEXTS)]

    asyncio.run(run())


@pytest.mark.parametrize("streams", [1, 3])
@pytest.mark.parametrize("is_error", [True, False])
def test_a_text_that_the_model_fails_on_costs_no_other(predictor, caplog, is_error, streams):
    """An exception of a runtime, or NaN."""
    poison = align(predictor, SNOWMAN).windows.input_ids[1]

    def run_model(inputs: Inputs, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        is_poisoned = (inputs["input_ids"] == poison).any(axis=1)
        if is_error and is_poisoned.any():
            raise RuntimeError(SNOWMAN)
        logits = predictor.engine.loop.run_model(inputs, rows, columns)
        return np.where(is_poisoned[rows, None], np.float32(np.nan), logits)

    async def ask(queue: TaggingQueue) -> list:
        asked = [queue.tag([text]) for text in (*TEXTS, ["Anna", SNOWMAN], *TEXTS)]
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = serve(with_streams(with_model(predictor, run_model), streams), ask)
    failed = answers.pop(len(TEXTS))
    assert isinstance(failed, RequestError)
    assert failed.status == 500
    assert [row.tags for [row] in answers] == [row.tags for row in predictor.tag_texts([*TEXTS, *TEXTS])]
    assert SNOWMAN not in failed.message + caplog.text
    assert "could not be tagged" in caplog.text


def test_nothing_to_tag(predictor):
    async def ask(queue: TaggingQueue) -> tuple:
        await queue.warm_up()
        return await queue.tag([]), await queue.tag(["", " \n"])

    nothing, blank = serve(predictor, ask)
    assert nothing == []
    assert [(row.text, row.tags, row.scores) for row in blank] == [("", [], []), (" \n", [], [])]


def test_what_is_no_text(predictor):
    async def ask(queue: TaggingQueue) -> None:
        with pytest.raises(TypeError, match="list of words"):
            await queue.tag([["a", 1]])

    serve(predictor, ask)


def test_each_batch_is_told_to_the_observer(predictor):
    class Observer:
        seen: list = []  # noqa: RUF012 - one test, one list

        def batch_ran(self, windows: int, tokens: int, positions: int, seconds: float) -> None:
            self.seen.append((windows, tokens, positions, seconds))

    serve(predictor, lambda queue: queue.tag(TEXTS), observer=Observer())
    windows, tokens, positions, _ = map(sum, zip(*Observer.seen, strict=True))
    split = align(predictor, *TEXTS[0])
    assert windows == len(TEXTS)
    assert int(split.windows.lengths[0]) < tokens <= positions
