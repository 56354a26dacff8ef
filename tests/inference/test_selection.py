"""What is selected from a stream of records, and the reasons that come with it."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import SENTENCES
from headed_models import build

from token_classification import Predictor
from token_classification.data.text_keys import make_text_key
from token_classification.errors import DataError, UserError
from token_classification.inference.engine import open_engine
from token_classification.inference.records import BadRecord, Record
from token_classification.inference.selection import Selection, select_records
from token_classification.scoring.uncertainty import measure_entropy

TEXTS = [words for words, _ in SENTENCES]
WAYS = ("uncertain", "diverse", "random")


@pytest.fixture(scope="module")
def predictor(tagger_folder) -> Predictor:
    return Predictor.from_pretrained(tagger_folder)


def make_records(texts) -> list[Record]:
    return [Record(line, text, {"text": text, "id": line}) for line, text in enumerate(texts, 1)]


def select(predictor, texts, way="uncertain", budget=100, chunk=3, **settings) -> list[Record]:
    """The selected ones of some texts, which come in chunks."""
    records = make_records(texts)
    chunks = [records[start : start + chunk] for start in range(0, len(records), chunk)]
    return list(select_records(predictor, chunks, Selection(way, budget, **settings)))


@pytest.mark.parametrize("way", WAYS)
def test_a_large_budget_takes_each_text_once_the_most_uncertain_first(predictor, way, caplog):
    with caplog.at_level(logging.WARNING):
        chosen = select(predictor, [*TEXTS, TEXTS[0], f"{TEXTS[1]} !", "", " "], way)
    assert sorted(record.line for record in chosen) == list(range(1, 9))
    assert [record.fields["selection_rank"] for record in chosen] == list(range(1, 9))
    scores = [record.fields["selection_score"] for record in chosen]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1]
    assert "only 8 different texts" in caplog.text
    assert all(record.fields["id"] == record.line for record in chosen)


def test_the_uncertain_ones_are_the_first_of_all_whatever_the_chunks(predictor):
    whole = [record.line for record in select(predictor, TEXTS)]
    for chunk in (1, 3, 100):
        assert [record.line for record in select(predictor, TEXTS, budget=3, chunk=chunk)] == whole[:3]


@pytest.mark.parametrize("way", ["diverse", "random"])
def test_the_seed_decides(predictor, way):
    texts = [f"{text} {word}" for text in TEXTS for word in ("Anna", "Boston", "in")]
    first, again, other = (
        [record.line for record in select(predictor, texts, way, budget=5, seed=seed)] for seed in (1, 1, -(10**40))
    )
    assert first == again != other


def test_what_is_drawn_does_not_depend_on_where_it_stands(predictor):
    texts = [f"{text} {word}" for text in TEXTS for word in ("Anna", "Boston", "in")]
    drawn = {record.text for record in select(predictor, texts, "random", budget=5)}
    assert {record.text for record in select(predictor, texts[::-1], "random", budget=5)} == drawn


@pytest.mark.parametrize("way", WAYS)
def test_what_is_labelled_is_left_out_and_counted(predictor, way, caplog):
    labelled = frozenset(make_text_key(text.upper()) for text in TEXTS[:3])
    with caplog.at_level(logging.INFO):
        chosen = select(predictor, TEXTS, way, labelled=labelled)
    assert {record.text for record in chosen} == set(TEXTS[3:])
    assert "5 of 8 texts selected" in caplog.text
    assert "3 are labelled already, 0 have no words" in caplog.text


def test_without_a_text_to_select_the_run_ends(predictor):
    with pytest.raises(DataError, match="none of the 8 texts can be selected: 8 are labelled already"):
        select(predictor, TEXTS, labelled=frozenset(map(make_text_key, TEXTS)))
    assert select(predictor, []) == []


def test_bad_records_pass_before_the_end_of_the_file(predictor):
    bad = BadRecord(2, "broken", "x")

    def read():
        yield [make_records(TEXTS)[0], bad]
        passed.append("first chunk")
        yield make_records(TEXTS)[1:]

    passed = []
    found = select_records(predictor, read(), Selection("uncertain", 2))
    assert next(found) is bad
    assert passed == []
    assert len(list(found)) == 2


def test_the_words_are_those_of_which_the_model_is_unsure(predictor):
    for record in select(predictor, TEXTS):
        words = record.text.split()
        [entropies] = predictor.engine.measure([words], measure_entropy).words
        named = record.fields["selection_words"]
        assert named == [
            words[place] for place in np.argsort(-entropies, kind="stable")[:5] if entropies[place] >= 0.1
        ]
    assert any(record.fields["selection_words"] for record in select(predictor, TEXTS))


def test_fields_of_these_names_are_kept(predictor):
    record = Record(1, TEXTS[0], {"text": TEXTS[0], "selection_rank": 7})
    [chosen] = select_records(predictor, [[record]], Selection("uncertain", 1))
    assert chosen.fields["input_selection_rank"] == 7
    assert chosen.fields["selection_rank"] == 1


def test_entropies_are_those_of_the_words_and_longer_texts_are_read_in_windows(engine):
    tokens = [words.split() for words in TEXTS] + [["Anna", "Paris", "\xad", "in"] * 60, []]
    doubts = engine.measure(tokens, measure_entropy, with_vectors=True)
    assert [len(words) for words in doubts.words] == [*map(len, tokens)]
    assert sorted(doubts.vectors) == [row for row, words in enumerate(tokens) if words]
    assert {vector.shape for vector in doubts.vectors.values()} == {(32,)}
    assert all(vector.base is None for vector in doubts.vectors.values()), "a view keeps the vectors of its batch"
    alone = [engine.measure([words], measure_entropy, with_vectors=True) for words in tokens]
    for row, each in enumerate(alone):
        assert doubts.words[row] == pytest.approx(each.words[0], abs=1e-3)
        if tokens[row]:
            assert doubts.vectors[row] == pytest.approx(each.vectors[0], rel=1e-3, abs=1e-3)
    assert engine.measure(tokens, measure_entropy).vectors == {}


def test_tags_are_the_same_when_doubts_are_measured(engine):
    tokens = [words.split() for words in TEXTS]
    before = engine.tag(tokens)
    engine.measure(tokens, measure_entropy, with_vectors=True)
    assert engine.tag(tokens) == before


def test_what_shares_a_batch_is_decided_by_logits_alone(engine):
    windows = [{"input_ids": np.array([2, 5, 6, 3])}, {"input_ids": np.array([2, 7, 3])}]
    loop = replace(engine.loop, run_model=engine.run_with_states, logit_columns=len(engine.label_set.names))
    for with_states, without in zip(loop.read_windows(windows), engine.loop.read_windows(windows), strict=True):
        assert np.array_equal(with_states, without)


@pytest.mark.parametrize("layers", [1, 2])
def test_states_are_what_the_encoder_returns(layers, bert_folder, wordpiece, tmp_path):
    model = build(bert_folder, layers=layers)
    model.save_pretrained(tmp_path)
    wordpiece.save_pretrained(tmp_path)
    engine = open_engine(tmp_path)
    doubts = engine.measure([["Anna"]], lambda logits: np.full(len(logits), np.float32(2)), with_vectors=True)
    inputs = wordpiece("Anna", return_tensors="pt")
    with torch.inference_mode():
        expected = 2 * model.base_model(**inputs)[0][0, 1]
    assert doubts.words[0].tolist() == [2.0]
    assert doubts.vectors[0] == pytest.approx(expected.numpy(), abs=1e-4)


def test_a_model_without_states_is_named(predictor):
    exported = replace(predictor, engine=replace(predictor.engine, backend="onnx-int8", run_with_states=None))
    with pytest.raises(UserError, match="exported for onnx-int8 gives no states of its encoder"):
        select(exported, TEXTS, "diverse")
    assert len(select(exported, TEXTS, "uncertain")) == 8
