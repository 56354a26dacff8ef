"""From text to entities: exact places in any Unicode, the entities that evaluate scores, thresholds, streams."""

import asyncio
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice, repeat
from pathlib import Path

import numpy as np
import pytest
from conftest import SENTENCES, TAGGER_NAMES, save_tagger
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inference_texts import ANYTHING

from token_classification import Predictor
from token_classification.data.entities import find_entities
from token_classification.data.formats import read_sentences
from token_classification.errors import UserError
from token_classification.inference import predictor as predictor_module
from token_classification.inference.entities import list_entities, read_thresholds
from token_classification.scoring.predict import Inputs

TEXTS = [words for words, _ in SENTENCES]


@pytest.fixture(scope="module")
def predictor(tagger_folder) -> Predictor:
    return Predictor.from_pretrained(tagger_folder)


def list_places(entity: dict) -> tuple[int, int, str]:
    return entity["start"], entity["end"], entity["label"]


@given(texts=st.lists(ANYTHING, max_size=4), rule=st.sampled_from(["punctuation", "whitespace"]))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_entities_are_exactly_where_they_say(predictor, texts, rule):
    predictor = replace(predictor, words=rule)
    for text, entities in zip(texts, predictor(texts), strict=True):
        last = 0
        for entity in entities:
            assert list(entity) == ["start", "end", "label", "score", "text"]
            assert [type(value) for value in entity.values()] == [int, int, str, float, str]
            assert text[entity["start"] : entity["end"]] == entity["text"] == entity["text"].strip() != ""
            assert last <= entity["start"]
            assert 0 < entity["score"] <= 1
            last = entity["end"]


@given(text=ANYTHING)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_word_is_tagged(predictor, text):
    tags = predictor.tag(text)
    assert all(text[tag["start"] : tag["end"]] == tag["text"] for tag in tags)
    assert "".join(tag["text"] for tag in tags) == "".join(text.replace("\u200b", "").replace("\ufeff", "").split())


@pytest.mark.parametrize("rule", ["punctuation", "whitespace"])
def test_a_text_and_its_words_have_the_entities_that_evaluate_scores(predictor, engine, conll_file, rule):
    sentences = read_sentences(conll_file)
    scored = engine.evaluate(sentences).tags
    predictor = replace(predictor, words=rule)
    from_text = predictor([" ".join(words) for words in sentences.tokens])
    assert from_text == predictor(sentences.tokens)
    for words, tags, found in zip(sentences.tokens, scored, from_text, strict=True):
        expected = [(entity.type, " ".join(words[entity.start : entity.end])) for entity in find_entities(tags)]
        assert [(entity["label"], entity["text"]) for entity in found] == expected
    assert sum(map(len, from_text)) > 5


def test_the_kind_of_the_answer_is_that_of_the_question(predictor):
    one = predictor(TEXTS[0])
    assert one
    assert predictor([TEXTS[0]]) == [one]
    assert predictor((TEXTS[0],)) == [one]
    assert predictor([TEXTS[0].split()]) == [one]
    assert list(predictor(iter([TEXTS[0]]))) == [one]
    assert predictor([TEXTS[0], TEXTS[0].split()]) == [one, one]
    assert predictor.tag([TEXTS[0]]) == [predictor.tag(TEXTS[0])]


def test_nothing_in_gives_nothing_out(predictor):
    assert predictor([]) == []
    assert predictor("") == predictor(" \t\n\u200b") == predictor.tag("") == []
    assert predictor(["", "  ", []]) == [[], [], []]
    assert list(predictor(iter([]))) == []


def test_words_keep_their_places_in_the_joined_text(predictor):
    words = ["Anna", "", "went", " ", "to Paris", "\ud800"]
    tags = predictor.tag([words])[0]
    assert [tag["text"] for tag in tags] == words
    assert all(" ".join(words)[tag["start"] : tag["end"]] == tag["text"] for tag in tags)


def test_an_iterator_is_read_only_as_far_as_needed(predictor, monkeypatch):
    monkeypatch.setattr(predictor_module, "TEXTS_PER_CHUNK", 4)
    read = []
    texts = (read.append(text) or text for text in TEXTS)
    answers = predictor(texts)
    assert read == []
    assert next(answers) == predictor(TEXTS[0])
    assert len(read) == 4
    assert list(answers) == predictor(TEXTS)[1:]
    assert len(list(islice(predictor(repeat("Anna")), 9))) == 9


@pytest.mark.parametrize("words", [[], [""], ["", "", ""], ["Anna", "Smith"]])
def test_words_count_with_the_blanks_between_them(words):
    assert predictor_module.count_characters(words) == len(" ".join(words))


def test_large_texts_are_not_collected(predictor, monkeypatch):
    monkeypatch.setattr(predictor_module, "CHARACTERS_PER_CHUNK", 10)
    texts = ["a" * 6, ["b" * 5], "c", "d" * 10]
    chunks = list(predictor_module.cut_into_chunks(texts, predictor_module.count_characters))
    assert [len(chunk) for chunk in chunks] == [2, 2]


def test_a_name_far_behind_the_first_window_is_found(predictor):
    """The stock pipeline gives nothing for such a text."""
    tokenizer = predictor.engine.aligner.tokenizer
    first, second = tokenizer.convert_tokens_to_ids(["manager", "office"])

    def know_the_name(inputs: Inputs, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        ids = inputs["input_ids"][rows, columns]
        return 20 * np.eye(len(TAGGER_NAMES), dtype=np.float32)[(ids == first) + 2 * (ids == second)]

    loop = replace(predictor.engine.loop, run_model=know_the_name)
    text = "It was a quiet day .. " * 300 + "There we saw manager office."
    [entity] = replace(predictor, engine=replace(predictor.engine, loop=loop))(text)
    assert (entity["start"], entity["label"], entity["text"]) == (6613, "PER", "manager office")


@given(low=st.floats(0, 1), high=st.floats(0, 1))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_raising_the_threshold_never_adds_an_entity(predictor, low, high):
    low, high = sorted([low, high])
    more, fewer = (
        replace(predictor, thresholds=read_thresholds(least, predictor.engine.label_set))(TEXTS)
        for least in (low, high)
    )
    for many, few in zip(more, fewer, strict=True):
        assert few == [entity for entity in many if entity["score"] >= high]


def test_thresholds_by_label(predictor, tagger_folder):
    picky = Predictor.from_pretrained(tagger_folder, threshold={"PER": 1.0})
    for entities, kept in zip(predictor(TEXTS), picky(TEXTS), strict=True):
        assert kept == [entity for entity in entities if entity["label"] != "PER" or entity["score"] == 1.0]
    assert any(entity["label"] == "PER" for entities in predictor(TEXTS) for entity in entities)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"threshold": {"PERS": 0.5}}, "no label PERS; accepted are LOC, PER"),
        ({"threshold": 1.5}, "1.5 for LOC; accepted is a probability"),
        ({"threshold": "high"}, "'high' for LOC"),
        ({"words": "spacy"}, "words=spacy: accepted are punctuation, whitespace"),
        ({"backend": "cuda"}, "accepted are auto, torch"),
    ],
)
def test_settings_that_mean_nothing_are_refused(tagger_folder, settings, expected):
    with pytest.raises(UserError, match=expected):
        Predictor.from_pretrained(tagger_folder, **settings)


@pytest.mark.parametrize("method", ["__call__", "tag"])
@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (5, "int 5: "),
        (2.5, "float 2.5: "),
        (None, "NoneType None: "),
        (Path("text.txt"), "PosixPath PosixPath("),
        (b"Anna", "bytes b'Anna': "),
        ({"Anna": 1}, "dict {'Anna': 1}: "),
        ({"Anna"}, "set {'Anna'}: "),
        ([5], "5: "),
        ([None], "None: "),
        ([b""], "b'': "),
        ([{"text": "Anna"}], "{'text': 'Anna'}: "),
        ([["Anna", 3]], "['Anna', 3]: "),
        (["Anna left.", 3], "3: "),
    ],
)
def test_what_is_no_text_is_named_at_once(predictor, method, texts, found):
    with pytest.raises(TypeError, match=f"^{re.escape(found)}") as error:
        getattr(predictor, method)(texts)
    assert "accepted is a text (str)" in str(error.value)
    assert "list of words (list of str)" in str(error.value)


def test_bare_tags_are_entities_of_the_unnamed_label(tmp_path, wordpiece):
    model = save_tagger(tmp_path, wordpiece, ("B", "I", "O"), "iob2")
    predictor = Predictor.from_pretrained(model, threshold={"_": 0.1})
    tags, text = ["O", "B", "I", "I", "B", "O"], "a b c d e f"
    spans = [(place, place + 1) for place in range(0, 11, 2)]
    entities = list_entities(text, spans, tags, [0.5] * 6, predictor.engine.label_set.scheme, predictor.thresholds)
    assert entities == [
        {"start": 2, "end": 7, "label": "_", "score": pytest.approx(0.5), "text": "b c d"},
        {"start": 8, "end": 9, "label": "_", "score": 0.5, "text": "e"},
    ]
    assert {entity["label"] for entity in predictor("Anna Smith moved to New York .")} <= {"_"}


def test_plain_tags_are_entities_of_one_word(tmp_path, wordpiece):
    predictor = Predictor.from_pretrained(save_tagger(tmp_path, wordpiece, ("O", "NOUN", "VERB", "S-X"), "plain"))
    tags = [tag for tag in predictor.tag(TEXTS[0]) if tag["tag"] != "O"]
    assert [(tag["start"], tag["tag"]) for tag in tags] == [
        (entity["start"], entity["label"]) for entity in predictor(TEXTS[0])
    ]
    assert tags


def test_importing_the_package_loads_no_torch():
    script = "import sys, token_classification; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.real_data
def test_sentences_of_wnut17_give_the_entities_of_their_words(predictor, real_data):
    sentences = read_sentences(real_data / "wnut17" / "test.conll").tokens
    from_words = predictor(sentences)
    texts = [" ".join(words) for words in sentences]
    assert replace(predictor, words="whitespace")(texts) == from_words
    # In four of the 1,287 sentences a word is parted, see docs/inference.md. Scores may differ in the last digit.
    pairs = zip(predictor(texts), from_words, strict=True)
    assert sum([*map(list_places, ours)] != [*map(list_places, scored)] for ours, scored in pairs) <= 4


def test_threads_may_share_a_predictor(predictor):
    rows = [[" ".join(words)] * (1 + number % 3) for number, words in enumerate(TEXTS * 20)]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(predictor, rows)) == [predictor(row) for row in rows]


def test_the_event_loop_goes_on_while_texts_are_tagged(predictor):
    """The model waits for what the loop does after it was called."""
    went_on = threading.Event()

    def run_model(inputs, rows, columns):
        assert went_on.wait(60)
        return predictor.engine.loop.run_model(inputs, rows, columns)

    slow = replace(
        predictor, engine=replace(predictor.engine, loop=replace(predictor.engine.loop, run_model=run_model))
    )

    async def ask() -> list:
        asked = [asyncio.create_task(slow.async_call(texts)) for texts in (TEXTS[0], "Anna left Paris.", TEXTS)]
        await asyncio.sleep(0)
        went_on.set()
        with pytest.raises(TypeError, match="iterator"):
            await slow.async_call(iter(TEXTS))
        return await asyncio.gather(*asked)

    assert asyncio.run(ask()) == [predictor(texts) for texts in (TEXTS[0], "Anna left Paris.", TEXTS)]
