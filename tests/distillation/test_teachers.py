"""What teachers think: by the names of labels, softened, averaged, and asked for once."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import SENTENCES, TAGGER_NAMES, build_roberta, save_tagger
from headed_models import find_network

from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.distillation import teachers as teachers_module
from token_classification.distillation.teachers import ask_teachers
from token_classification.errors import OutputError, UserError
from token_classification.inference.engine import Engine

TOKENS = [words.split() for words, _ in SENTENCES]
WORDS = sum(map(len, TOKENS))
OTHER_ORDER = ("I-LOC", "B-PER", "O", "B-ORG", "I-PER", "B-LOC")
LABELS = LabelSet(OTHER_ORDER, Scheme.IOB2)


@pytest.fixture(autouse=True)
def in_float32(monkeypatch) -> None:
    """The same numbers on every machine."""
    monkeypatch.setattr(teachers_module, "multiplies_bf16", lambda: False)


def test_labels_are_found_by_name(tagger_folder, engine, tmp_path):
    beliefs = ask_teachers([str(tagger_folder)], TOKENS, LABELS, 1.0, tmp_path)
    expected = np.exp(np.concatenate(engine.weigh_labels(TOKENS).log_probabilities))
    assert beliefs.probabilities.shape == (WORDS, len(OTHER_ORDER))
    for place, name in enumerate(OTHER_ORDER):
        own = expected[:, TAGGER_NAMES.index(name)] if name in TAGGER_NAMES else 0
        assert beliefs.probabilities[:, place] == pytest.approx(own, abs=2e-3)
    assert beliefs.knows.tolist() == [name != "B-ORG" for name in OTHER_ORDER]
    assert beliefs.confidences == pytest.approx(expected.max(axis=-1), abs=2e-3)


def test_a_temperature_divides_the_logits(tagger_folder, engine, tmp_path):
    beliefs = ask_teachers([str(tagger_folder)], TOKENS, LABELS, 4.0, tmp_path)
    logits = np.concatenate(engine.weigh_labels(TOKENS).log_probabilities) / 4
    expected = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    assert beliefs.probabilities[:, OTHER_ORDER.index("B-PER")] == pytest.approx(expected[:, 1], abs=2e-3)


def test_a_teacher_that_cannot_run_in_bf16_runs_in_float32(tagger_folder, engine, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(teachers_module, "multiplies_bf16", lambda: True)
    weigh = Engine.weigh_labels

    def refuse_bf16(self, tokens, **asked):
        if self.backend == "torch-bf16":
            raise OutputError("the model can't run in bf16", "run it with torch in float32")
        return weigh(self, tokens, **asked)

    monkeypatch.setattr(Engine, "weigh_labels", refuse_bf16)
    beliefs = ask_teachers([str(tagger_folder)], TOKENS, LABELS, 1.0, tmp_path)
    expected = np.exp(np.concatenate(engine.weigh_labels(TOKENS).log_probabilities)).max(axis=-1)
    assert beliefs.confidences == pytest.approx(expected, abs=2e-3)
    assert "float32" in caplog.text


def test_several_teachers_are_averaged_whatever_their_tokenizers(tagger_folder, tmp_path):
    other = save_tagger(tmp_path / "other", build_roberta(), ("O", "B-LOC", "B-PER", "I-LOC", "I-PER", "B-ORG"))
    each = [ask_teachers([str(name)], TOKENS, LABELS, 2.0, tmp_path / "c") for name in (tagger_folder, other)]
    both = ask_teachers([str(tagger_folder), str(other)], TOKENS, LABELS, 2.0, tmp_path / "c")
    mean = np.mean([one.probabilities.astype(np.float32) for one in each], axis=0)
    assert both.probabilities == pytest.approx(mean, abs=2e-3)
    assert both.knows.tolist() == (each[0].knows & each[1].knows).tolist()


def test_a_killed_run_asks_for_the_rest_only(tagger_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(teachers_module, "SENTENCES_PER_PART", 3)
    asked, weigh = [], Engine.weigh_labels

    def weigh_or_stop(self, tokens, **_):
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(len(tokens))
        return weigh(self, tokens)

    monkeypatch.setattr(Engine, "weigh_labels", weigh_or_stop)
    with pytest.raises(KeyboardInterrupt):
        ask_teachers([str(tagger_folder)], TOKENS, LABELS, 2.0, tmp_path / "cache")
    monkeypatch.setattr(
        Engine, "weigh_labels", lambda self, tokens, **_: asked.append(len(tokens)) or weigh(self, tokens)
    )
    resumed = ask_teachers([str(tagger_folder)], TOKENS, LABELS, 2.0, tmp_path / "cache")
    assert asked == [3, 3, 2]
    monkeypatch.setattr(Engine, "weigh_labels", weigh)
    whole = ask_teachers([str(tagger_folder)], TOKENS, LABELS, 2.0, tmp_path / "other")
    assert resumed.probabilities.tolist() == whole.probabilities.tolist()


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (LabelSet(("O", "B-PER", "I-PER"), Scheme.IOB2), "B-LOC, I-LOC"),
        (LabelSet((*TAGGER_NAMES, "E-PER", "S-PER"), Scheme.IOBES), "check FILE --repair"),
    ],
    ids=["label", "scheme"],
)
def test_a_teacher_of_other_labels_is_refused(tagger_folder, tmp_path, labels, expected):
    with pytest.raises(UserError, match=expected):
        ask_teachers([str(tagger_folder)], TOKENS, labels, 2.0, tmp_path)


def test_states_are_read_beside_answers_that_are_kept_already(tagger_folder, engine, tmp_path, monkeypatch):
    names = [str(tagger_folder)]
    alone = ask_teachers(names, TOKENS, LABELS, 2.0, tmp_path)
    assert alone.states == []
    both = ask_teachers(names, TOKENS, LABELS, 2.0, tmp_path, with_states=True)
    assert both.probabilities.tolist() == alone.probabilities.tolist()
    # The head is one layer on the states, so these say what the logits are.
    head = find_network(engine).classifier
    logits = head(torch.from_numpy(both.states[0].astype(np.float32))).detach()
    expected = np.concatenate(engine.weigh_labels(TOKENS).log_probabilities)
    assert logits.log_softmax(dim=-1).numpy() == pytest.approx(expected, abs=0.05)
    monkeypatch.setattr(Engine, "weigh_labels", None)
    again = ask_teachers(names, TOKENS, LABELS, 2.0, tmp_path, with_states=True)
    assert again.states[0].tolist() == both.states[0].tolist()


def test_an_exported_teacher_gives_no_states(tagger_folder, tmp_path, monkeypatch):
    opened = teachers_module.open_engine
    monkeypatch.setattr(teachers_module, "open_engine", lambda name: replace(opened(name), run_with_states=None))
    with pytest.raises(UserError, match="exported model gives no states"):
        ask_teachers([str(tagger_folder)], TOKENS, LABELS, 2.0, tmp_path, with_states=True)
