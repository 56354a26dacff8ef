"""Which windows share a batch: tried on the model, so that no tag depends on what else is in its batch."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import TAGGER_NAMES, TEXT
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoConfig, AutoModelForTokenClassification

from token_classification.alignment.batches import LengthSteps, Sharing, WindowCollator
from token_classification.alignment.windows import Windows, join_windows
from token_classification.alignment.words import SpecialTokens
from token_classification.data.sentences import Sentences
from token_classification.errors import OutputError
from token_classification.inference.engine import Engine, open_engine
from token_classification.scoring import sharing
from token_classification.scoring.predict import PredictionLoop, merge_shares
from token_classification.scoring.sharing import BF16_ROUNDING, FLOAT32_ROUNDING, SharingProbe
from token_classification.scoring.torch_runner import run_with_torch

Inputs = dict[str, torch.Tensor]
LABELS = 5


def look_at_itself(inputs: Inputs) -> torch.Tensor:
    """A model whose output for a window is its own."""
    ids = inputs["input_ids"]
    return torch.stack([torch.sin(ids * (label + 1.0)) for label in range(LABELS)], dim=-1)


def look_at_padding(inputs: Inputs) -> torch.Tensor:
    """A model that mixes all positions, those of the padding, too."""
    return look_at_itself(inputs) + look_at_itself(inputs).mean(dim=1, keepdim=True)


def look_at_others(inputs: Inputs) -> torch.Tensor:
    """A model whose numbers are scaled by how many windows there are."""
    return look_at_itself(inputs) * (1 + len(inputs["input_ids"]))


def look_at_others_when_long(inputs: Inputs) -> torch.Tensor:
    """A model that computes short inputs in another way than long ones."""
    return (look_at_others if inputs["input_ids"].shape[1] > 32 else look_at_itself)(inputs)


def turn_to_nan_beside_padding(inputs: Inputs) -> torch.Tensor:
    """A model whose rows with padding are NaN."""
    is_padded = (inputs["attention_mask"] == 0).any(dim=1)
    return look_at_itself(inputs).masked_fill(is_padded[:, None, None], float("nan"))


def make_windows(lengths: list[int], seed: int = 0) -> Windows:
    """Windows of these lengths, each a sentence of its own that owns a word at each position."""
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = np.random.default_rng(seed).integers(1, 1000, starts[-1]).astype(np.int32)
    positions = np.concatenate([np.arange(length) for length in lengths])
    return Windows(ids, starts, np.arange(starts[-1]), positions, starts, np.arange(len(lengths)))


class Model:
    """Counts what a model is asked."""

    def __init__(self, compute: Callable[[Inputs], torch.Tensor]) -> None:
        self.compute = compute
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, inputs: Inputs) -> torch.Tensor:
        self.shapes.append(tuple(inputs["input_ids"].shape))
        return self.compute(inputs)


def build_loop(compute: Callable[[Inputs], torch.Tensor], token_budget: int = 10_000, **settings) -> PredictionLoop:
    """A loop around a model."""
    collator = WindowCollator(
        0, settings.pop("pads_left", False), SpecialTokens((), (), None), settings.pop("length", None)
    )
    return PredictionLoop(run_with_torch(compute), collator, token_budget, show_progress=False, **settings)


def decide(loop: PredictionLoop, lengths: list[int]) -> Sharing:
    """What the loop decides on windows of these lengths."""
    return loop.choose_sharing(make_windows(lengths))


@pytest.mark.parametrize("lengths", [[3, 20, 7], [6, 6], [1, 1, 1], [9] * 50, [2, 30]])
@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        (look_at_itself, Sharing.ANY_LENGTHS),
        (look_at_padding, Sharing.EQUAL_LENGTHS),
        (look_at_others, Sharing.ONE_BY_ONE),
        (turn_to_nan_beside_padding, Sharing.EQUAL_LENGTHS),
    ],
)
@pytest.mark.parametrize("pads_left", [False, True])
def test_a_model_is_tried_before_windows_share_a_batch(compute, expected, lengths, pads_left):
    # Where all windows have one position, none can be cut.
    if lengths == [1, 1, 1] and expected == Sharing.EQUAL_LENGTHS:
        expected = Sharing.ANY_LENGTHS
    assert decide(build_loop(compute, pads_left=pads_left), lengths) == expected


LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=20)
MODELS = st.sampled_from([look_at_itself, look_at_padding, look_at_others, turn_to_nan_beside_padding])


@given(LENGTHS, MODELS, st.integers(1, 200), st.integers(1, 3), st.booleans())
@settings(deadline=None)
def test_no_score_depends_on_the_budget_or_the_processes(lengths, compute, token_budget, processes, pads_left):
    windows, words = make_windows(lengths), sum(lengths)
    alone = build_loop(compute, 1).predict(windows, words)
    loops = [build_loop(compute, token_budget, pads_left=pads_left) for _ in range(processes)]
    merged = merge_shares([loop.predict(windows, words, (place, processes)) for place, loop in enumerate(loops)])
    assert merged.label_ids.tolist() == alone.label_ids.tolist()
    assert merged.scores == pytest.approx(alone.scores, abs=1e-6)


def test_equal_lengths_still_share_a_batch():
    model = Model(look_at_padding)
    build_loop(model, token_budget=40).predict(make_windows([4, 9, 4, 4, 9, 6]), 36)
    assert model.shapes[-3:] == [(2, 9), (1, 6), (3, 4)]


def test_a_window_by_itself_costs_no_trial():
    model = Model(look_at_padding)
    loop = build_loop(model, token_budget=10)
    loop.predict(make_windows([7]), 7)
    loop.predict(make_windows([7, 8, 9]), 24)
    assert model.shapes == [(1, 7), (1, 9), (1, 8), (1, 7)]


def test_a_trial_is_not_repeated_and_no_larger_than_a_batch():
    model = Model(look_at_padding)
    loop = build_loop(model, token_budget=100)
    loop.predict(make_windows([20] * 40), 800)
    assert max(rows * length for rows, length in model.shapes) <= 100
    model.shapes.clear()
    loop.predict(make_windows([17, 30], seed=1), 47)
    assert len(model.shapes) == 2


def test_longer_windows_are_tried_again(caplog):
    loop = build_loop(look_at_others_when_long)
    assert decide(loop, [10, 20]) == Sharing.ANY_LENGTHS
    assert not caplog.records
    assert decide(loop, [10, 60]) == Sharing.ONE_BY_ONE
    # Not what came before decides, or a run that goes on would differ from one that never stopped.
    assert decide(loop, [10, 20]) == Sharing.ANY_LENGTHS


@pytest.mark.parametrize(
    ("compute", "words"),
    [
        (look_at_padding, "only sentences of equal length share a batch"),
        (look_at_others, "each sentence is run by itself"),
    ],
)
def test_it_is_said_once_that_batches_are_smaller(compute, words, caplog):
    loop = build_loop(compute)
    for lengths in ([5, 9], [5, 9], [5, 100], [5, 1000]):
        loop.predict(make_windows(lengths), sum(lengths))
    loop.sharing.forget(FLOAT32_ROUNDING)
    loop.predict(make_windows([5, 9]), 14)
    [record] = caplog.records
    assert words in record.getMessage()
    assert record.levelno == logging.WARNING


def test_threads_try_once(monkeypatch):
    tries = []
    find = sharing.find_sharing
    monkeypatch.setattr(sharing, "find_sharing", lambda *given: tries.append(1) or find(*given))
    loop = build_loop(look_at_padding)
    threads = [threading.Thread(target=decide, args=(loop, [5, 9])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tries) == 1


def test_padding_to_one_length_makes_padding_harmless():
    loop = build_loop(look_at_padding, length=64)
    assert decide(loop, [5, 9]) == Sharing.ANY_LENGTHS
    assert decide(build_loop(look_at_others, length=64), [5, 9]) == Sharing.ONE_BY_ONE


def test_what_bf16_rounds_away_passes_where_a_runtime_rounds():
    def round_by_shape(inputs: Inputs) -> torch.Tensor:
        # Two ways to sum, as kernels for other shapes have them: they differ by a step of bf16 here and there.
        logits = look_at_itself(inputs)
        return (logits if len(logits) > 1 else logits * (1 + 2.0**-8)).bfloat16().float()

    assert decide(build_loop(round_by_shape), [5, 9]) == Sharing.ONE_BY_ONE
    assert decide(build_loop(round_by_shape, sharing=SharingProbe(BF16_ROUNDING)), [5, 9]) == Sharing.ANY_LENGTHS
    assert decide(build_loop(look_at_padding, sharing=SharingProbe(BF16_ROUNDING)), [5, 9]) == Sharing.EQUAL_LENGTHS


STEPS = LengthSteps(8, longest=64)


def build_coarse_loop(compute) -> PredictionLoop:
    """A loop around a runtime that rounds coarsely, by the length of a batch."""
    return replace(build_loop(compute, sharing=SharingProbe(BF16_ROUNDING, pads_alone=True)), length_steps=STEPS)


def test_what_is_rounded_by_the_length_of_a_batch_depends_on_nothing_else():
    def round_by_length(inputs: Inputs) -> torch.Tensor:
        return look_at_itself(inputs) * (1 + inputs["input_ids"].shape[1] / 1000)

    loop = build_coarse_loop(round_by_length)
    lengths = [3, 9, 16, 5, 17, 64, 63, 1, 9]
    windows = make_windows(lengths)
    together = np.split(loop.predict(windows, sum(lengths)).scores, np.cumsum(lengths)[:-1])
    for place in range(len(lengths)):
        alone = loop.predict(join_windows([(windows, place)]), sum(lengths)).scores
        assert alone[alone > 0].tolist() == together[place].tolist()


def test_a_window_alone_is_not_padded_either_where_padding_matters():
    loop = build_coarse_loop(look_at_padding)
    windows = make_windows([5])
    exact = build_loop(look_at_padding).predict(windows, 5)
    assert loop.predict(windows, 5).scores.tolist() == exact.scores.tolist()


def test_nan_is_no_tag():
    def break_down(inputs: Inputs) -> torch.Tensor:
        return look_at_itself(inputs).masked_fill((inputs["input_ids"] % 2 == 0).unsqueeze(-1), float("nan"))

    windows = make_windows([5, 9])
    broken = int((windows.input_ids % 2 == 0).sum())
    with pytest.raises(OutputError, match=f"NaN or infinite for {broken} of 14 words"):
        build_loop(break_down).predict(windows, 14)


ARCHITECTURES = {
    "bert": ({}, Sharing.ANY_LENGTHS),
    "deberta-v2": (
        {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 16},
        Sharing.ANY_LENGTHS,
    ),
    "big_bird": ({"block_size": 2, "num_random_blocks": 1}, Sharing.ANY_LENGTHS),
    "convbert": ({"embedding_size": 32}, Sharing.EQUAL_LENGTHS),
    "fnet": ({"tpu_short_seq_length": 64}, Sharing.EQUAL_LENGTHS),
}


@pytest.fixture(scope="module", params=list(ARCHITECTURES))
def architecture(request, tmp_path_factory, wordpiece) -> tuple[Path, Sharing]:
    """The folder of a tiny tagger, and which windows may share its batches."""
    shape, expected = ARCHITECTURES[request.param]
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        request.param,
        **{"vocab_size": len(wordpiece), "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2},
        **{"intermediate_size": 64, "max_position_embeddings": 64, "initializer_range": 0.5, "tag_scheme": "iob2"},
        **{"id2label": dict(enumerate(TAGGER_NAMES)), "pad_token_id": 0},
        **shape,
    )
    folder = tmp_path_factory.mktemp(request.param)
    AutoModelForTokenClassification.from_config(config).save_pretrained(folder)
    wordpiece.save_pretrained(folder)
    return folder, expected


def draw_sentences(count: int) -> list[list[str]]:
    """Sentences of random words, of very different lengths; some need several windows."""
    generator, words = np.random.default_rng(0), TEXT.split()
    return [generator.choice(words, size=size).tolist() for size in generator.integers(1, 60, count)]


def test_architectures_tag_each_sentence_as_by_itself(architecture):
    folder, expected = architecture
    tokens = draw_sentences(40)
    engines = [open_engine(folder, token_budget=64 * size) for size in (1, 7, 32)]
    alone = [engines[0].tag([words]) for words in tokens]
    for engine in engines:
        together = engine.tag(tokens)
        assert together.tags == [tagged.tags[0] for tagged in alone]
        for scores, tagged in zip(together.scores, alone, strict=True):
            assert scores == pytest.approx(tagged.scores[0], abs=1e-5)
    assert _decide(engines[2], tokens) == expected
    assert len({tag for tagged in alone for tag in tagged.tags[0]}) > 2


def _decide(engine: Engine, tokens: list[list[str]]) -> Sharing:
    return engine.loop.choose_sharing(engine.aligner.align(Sentences(tokens)).windows)
