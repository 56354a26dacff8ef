"""To what lengths batches are padded, and that nobody can tell."""

import asyncio
from dataclasses import replace

import pytest

from token_classification import Predictor
from token_classification.alignment.batches import LengthSteps
from token_classification.scoring.sharing import SharingProbe
from token_classification.serving.queue import TaggingQueue

TEXTS = [["Anna", "Smith", "moved"], ["Anna"], ["to", "Paris", "."] * 5]


def serve(predictor: Predictor, steps: LengthSteps | None) -> tuple[list, list[int]]:
    """Tag the texts one by one; return the answers, and the lengths of the batches."""
    lengths, run_unseen = [], predictor.engine.loop.run_model

    def run_model(inputs, rows, columns):
        lengths.append(inputs["input_ids"].shape[1])
        return run_unseen(inputs, rows, columns)

    sharing = SharingProbe(pads_alone=steps is not None)
    loop = replace(predictor.engine.loop, run_model=run_model, sharing=sharing, length_steps=steps)
    predictor = replace(predictor, engine=replace(predictor.engine, loop=loop))

    async def run() -> list:
        queue = TaggingQueue(predictor)
        queue.start()
        await queue.warm_up()
        lengths.clear()
        answers = [predictor.find_entities((await queue.tag([text]))[0]) for text in TEXTS]
        await queue.drain()
        return answers

    return asyncio.run(run()), lengths


@pytest.mark.parametrize("steps", [LengthSteps(8, 512), None])
def test_lengths_are_multiples_where_kernels_are_made_for_each(tagger_folder, steps):
    predictor = Predictor.from_pretrained(tagger_folder)
    answers, lengths = serve(predictor, steps)
    assert len(lengths) == len(TEXTS)
    assert all(length % 8 == 0 for length in lengths) == (steps is not None)
    assert [[(one["start"], one["label"]) for one in found] for found in answers] == [
        [(one["start"], one["label"]) for one in found] for found in predictor(TEXTS)
    ]
