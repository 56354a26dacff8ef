"""Hints: states of different widths are compared, a training brings them nearer, and leaves nothing behind."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import SENTENCES, save_tagger, write_sentences
from headed_models import find_network
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open

import run_ner
from token_classification.distillation.hints import fit_hint
from token_classification.errors import UserError
from token_classification.inference.engine import Engine, open_engine
from token_classification.training.hints import showing_states

NAMES = ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER")
TOKENS = [words.split() for words, _ in SENTENCES]
ALL = np.arange(sum(map(len, TOKENS)))


def measure(hint, own):
    """The mean over all words."""
    return hint(torch.from_numpy(own), torch.arange(len(own))).item() / len(own)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(0, 9), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_a_student_that_says_the_same_in_other_places_has_no_loss(width, further, teachers, seed):
    random = np.random.default_rng(seed)
    own = random.normal(size=(60, width)).astype(np.float32) + 3
    # Another basis, and places that say nothing.
    turn = np.linalg.qr(random.normal(size=(width + further, width)))[0]
    states = [(own @ turn.T * 10**place - 5).astype(np.float16) for place in range(teachers)]
    hint = fit_hint(states, np.arange(0, 60, 2), own[::2], 1.0)
    assert measure(hint, own) < 0.01


def test_states_of_which_nothing_is_known_cost_as_much_as_the_mean_twice():
    random = np.random.default_rng(0)
    states, own = (random.normal(size=(50_000, width)).astype(np.float32) for width in (5, 8))
    hint = fit_hint([states], np.arange(50_000), own, 0.5)
    assert measure(hint, own) == pytest.approx(0.5 * 2, abs=0.05)
    assert measure(hint, np.zeros_like(own)) == pytest.approx(0.5 * 1, abs=0.05)


@pytest.fixture
def teacher(tmp_path, wordpiece):
    return save_tagger(tmp_path / "teacher", wordpiece, NAMES)


@pytest.fixture
def argv(tmp_path, teacher, bert_folder):
    flags = {
        "--model_name_or_path": bert_folder,
        "--teacher": teacher,
        "--train_file": write_sentences(tmp_path / "train.conll", SENTENCES),
        "--output_dir": tmp_path / "out",
        "--report": "false",
        "--learning_rate": "3e-3",
        "--max_steps": 30,
    }
    return [*(str(part) for pair in flags.items() for part in pair), "--do_train", "--use_cpu"]


def read_states(folder):
    return np.concatenate(open_engine(folder).weigh_labels(TOKENS, with_states=True).states).astype(np.float32)


@pytest.mark.parametrize("packs", ["true", "false"])
def test_a_training_brings_the_states_nearer(argv, teacher, tmp_path, packs):
    argv += ["--pack_windows", packs]
    distances = {}
    for weight in ("0", "3"):
        out = tmp_path / weight
        argv[argv.index("--output_dir") + 1] = str(out)
        assert run_ner.main([*argv, "--hint_weight", weight]) == 0
        own = read_states(out)
        distances[weight] = measure(fit_hint([read_states(teacher)], ALL, own, 1.0), own)
    assert distances["3"] < 0.5 * distances["0"]
    weights = []
    for weight in ("0", "3"):
        with safe_open(tmp_path / weight / "model.safetensors", "pt") as file:
            weights.append({*file.keys()})
    assert weights[0] == weights[1]
    assert '"hint_weight": 3.0' in (tmp_path / "3" / "run.json").read_text()


def test_a_training_goes_on_with_the_same_hints_only(argv, tmp_path):
    argv += ["--save_strategy", "steps", "--save_steps", "2", "--lr_scheduler_type", "constant"]
    steps = argv.index("--max_steps") + 1
    argv[steps] = "2"
    assert run_ner.main([*argv, "--hint_weight", "1"]) == 0
    argv[steps] = "4"
    argv += ["--resume_from_checkpoint", "true"]
    with pytest.raises(UserError, match="teacher"):
        run_ner.main([*argv, "--hint_weight", "2"])
    assert run_ner.main([*argv, "--hint_weight", "1"]) == 0


def test_states_that_do_not_fit_are_refused(argv, teacher, monkeypatch):
    weigh = Engine.weigh_labels

    def weigh_with_large_states(self, tokens, **asked):
        answer = weigh(self, tokens, **asked)
        return replace(answer, states=[np.full_like(rows, np.inf) for rows in answer.states])

    monkeypatch.setattr(Engine, "weigh_labels", weigh_with_large_states)
    with pytest.raises(UserError, match=r"--hint_weight 1: .*above 65,504"):
        run_ner.main([*argv, "--hint_weight", "1"])


def test_hints_are_a_teachers(argv):
    place = argv.index("--teacher")
    del argv[place : place + 2]
    with pytest.raises(UserError, match=r"--hint_weight: .*--teacher MODEL"):
        run_ner.main([*argv, "--hint_weight", "1"])


def test_only_a_model_that_trains_shows_its_states(engine):
    network = find_network(engine)
    inputs = {"input_ids": torch.tensor([[2, 7, 8, 3]])}
    try:
        with showing_states(network):
            assert network(**inputs).hidden_states is None
            network.train()
            shown = network(**inputs).hidden_states[-1]
        assert network(**inputs).hidden_states is None
    finally:
        network.eval()
    assert shown.shape == (1, 4, network.config.hidden_size)
    assert shown.requires_grad
