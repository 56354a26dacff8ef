"""To what lengths batches are padded, and that nobody can tell."""

import asyncio
from dataclasses import replace

import pytest

from token_classification import Predictor
from token_classification.scoring.sharing import SharingProbe
from token_classification.serving.queue import TaggingQueue
from token_classification.serving.tagger import LENGTH_STEP

TEXTS = [["Anna", "Smith", "moved"], ["Anna"], ["to", "Paris", "."] * 5]


def serve(predictor: Predictor, backend: str, *, tried: bool) -> tuple[list, list[int]]:
    """Tag the texts one by one as if with a backend; return the answers, and the lengths of the batches."""
    lengths, run_unseen = [], predictor.engine.loop.run_model

    def run_model(inputs):
        lengths.append(inputs["input_ids"].shape[1])
        return run_unseen(inputs)

    loop = replace(predictor.engine.loop, run_model=run_model, sharing=SharingProbe())
    predictor = replace(predictor, engine=replace(predictor.engine, loop=loop, backend=backend))

    async def run() -> list:
        queue = TaggingQueue(predictor)
        queue.start()
        if tried:
            await queue.warm_up()
        lengths.clear()
        answers = [predictor.find_entities((await queue.tag([text]))[0]) for text in TEXTS]
        await queue.drain()
        return answers

    return asyncio.run(run()), lengths


@pytest.mark.parametrize("tried", [True, False])
@pytest.mark.parametrize("backend", ["torch", "openvino-int8"])
def test_lengths_are_multiples_where_kernels_are_made_for_each(tagger_folder, backend, tried):
    predictor = Predictor.from_pretrained(tagger_folder)
    answers, lengths = serve(predictor, backend, tried=tried)
    assert all(length % LENGTH_STEP == 0 for length in lengths) == (tried and backend == "openvino-int8")
    assert [[(one["start"], one["label"]) for one in found] for found in answers] == [
        [(one["start"], one["label"]) for one in found] for found in predictor(TEXTS)
    ]
