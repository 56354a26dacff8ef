"""What transformers documents of its token classification pipeline, on a model without layers, beside our Predictor.

The model's logits are a table: one row for each sub-token, whatever stands around it. So nothing but the way from
logits to entities is compared.
"""

import random
from collections.abc import Callable, Sequence

import pytest
from table_model import LABELS, STEMS, SUFFIXES, Row, save_table
from transformers import pipeline

from token_classification import Predictor


@pytest.fixture
def open_both(tmp_path) -> Callable:
    """A table of logits -> the Predictor and the pipeline (by strategy) of its model."""

    def open_table(rows: dict[str, Row], **settings) -> tuple[Predictor, Callable]:
        folder = save_table(tmp_path / "table", rows)
        pipe = pipeline("token-classification", model=str(folder), device="cpu", **settings)
        return Predictor.from_pretrained(folder), pipe

    return open_table


def find_places(found: Sequence[dict]) -> list[tuple[int, int, str]]:
    """Start, end and label of the entities of either side."""
    return [(row["start"], row["end"], row.get("label") or row["entity_group"]) for row in found]


def draw_rows(draw: random.Random) -> dict[str, Row]:
    """A random row for every sub-token."""
    pieces = [*STEMS, *(f"##{suffix}" for suffix in SUFFIXES)]
    return {piece: {label: draw.uniform(-3, 3) for label in LABELS} for piece in pieces}


def draw_text(draw: random.Random, words: int) -> str:
    """Words of one to three sub-tokens."""
    latin = STEMS[:7]
    made = [draw.choice(latin) + "".join(draw.choices(SUFFIXES, k=draw.choice([0, 0, 1, 2]))) for _ in range(words)]
    return " ".join(draw.choice([word, word, "Zoë", "😀"]) for word in made)


@pytest.mark.parametrize("strategy", ["simple", "first", "average", "max"])
def test_two_b_tags_are_two_entities_and_i_tags_go_on(open_both, strategy):
    """The pipeline's own example: A B-TAG, B I-TAG, C I-TAG, D B-TAG2, E B-TAG2."""
    tags = {"Mira": "B-PER", "Tol": "I-PER", "Kas": "I-PER", "Ber": "B-LOC", "Wen": "B-LOC"}
    predictor, pipe = open_both({word: {tag: 9.0} for word, tag in tags.items()})
    text = "Mira Tol Kas Ber Wen"
    expected = [(0, 12, "PER"), (13, 16, "LOC"), (17, 20, "LOC")]
    assert find_places(predictor(text)) == expected
    assert find_places(pipe(text, aggregation_strategy=strategy)) == expected


@pytest.mark.parametrize("tags", ["O I-PER I-PER", "B-LOC I-PER O", "I-LOC I-LOC B-LOC", "I-PER B-LOC I-PER"])
def test_i_tags_without_a_beginning_begin_an_entity_in_both(open_both, tags):
    predictor, pipe = open_both(
        {word: {tag: 9.0} for word, tag in zip(("Mira", "Tol", "Kas"), tags.split(), strict=True)}
    )
    text = "Mira Tol Kas"
    assert find_places(predictor(text)) == find_places(pipe(text, aggregation_strategy="simple"))


def test_a_word_has_one_tag_that_of_its_first_sub_token(open_both):
    """`simple` may split a word; `first` keeps it whole; `average` and `max` let the surest sub-token decide."""
    predictor, pipe = open_both({"Mira": {"B-PER": 2.0}, "##la": {"B-LOC": 6.0}, "##no": {"B-LOC": 6.0}})
    text = "Miralano met Tol"
    places = {
        strategy: find_places(pipe(text, aggregation_strategy=strategy))
        for strategy in ("simple", "first", "average", "max")
    }
    assert places["simple"] == [(0, 4, "PER"), (4, 6, "LOC"), (6, 8, "LOC")]
    assert places["average"] == places["max"] == [(0, 8, "LOC")]
    assert find_places(predictor(text)) == places["first"] == [(0, 8, "PER")]


@pytest.mark.parametrize("seed", range(12))
def test_entities_are_those_of_the_strategy_first(open_both, seed):
    draw = random.Random(seed)
    predictor, pipe = open_both(draw_rows(draw))
    texts = [draw_text(draw, draw.randint(1, 9)) for _ in range(6)]
    ours, theirs = predictor(texts), pipe(texts, aggregation_strategy="first")
    assert [find_places(found) for found in ours] == [find_places(found) for found in theirs]
    for text, our_row, their_row in zip(texts, ours, theirs, strict=True):
        for our, their in zip(our_row, their_row, strict=True):
            assert our["text"] == text[our["start"] : our["end"]] == text[their["start"] : their["end"]]
            if " " not in our["text"]:
                # Of several words the pipeline gives the mean of their scores, we the geometric mean.
                assert our["score"] == pytest.approx(float(their["score"]), abs=1e-5)


def test_without_aggregation_each_word_has_the_tag_and_score_of_its_first_sub_token(open_both):
    draw = random.Random(5)
    predictor, pipe = open_both(draw_rows(draw), ignore_labels=[])
    text = draw_text(draw, 8)
    first = {row["start"]: row for row in pipe(text, aggregation_strategy="none")}
    for word in predictor.tag(text):
        assert word["tag"] == first[word["start"]]["entity"]
        assert word["score"] == pytest.approx(float(first[word["start"]]["score"]), abs=1e-5)


def test_places_count_characters_in_both(open_both):
    predictor, pipe = open_both({"😀": {"B-PER": 9.0}, "Zoë": {"B-LOC": 9.0}, "東": {"B-LOC": 9.0}})
    text = "😀  met\tZoë \n in 東 😀"
    found = predictor(text)
    assert find_places(found) == find_places(pipe(text, aggregation_strategy="simple"))
    assert [row["text"] for row in found] == ["😀", "Zoë", "東", "😀"]


@pytest.mark.parametrize("seed", range(3))
def test_long_texts_are_those_of_the_pipeline_with_a_stride(open_both, seed):
    draw = random.Random(seed)
    predictor, pipe = open_both(draw_rows(draw))
    text = " ".join(draw.choices(STEMS, k=150))
    theirs = pipe(text, aggregation_strategy="first", stride=8)
    assert find_places(predictor(text)) == find_places(theirs)


def test_no_word_of_a_long_text_is_cut_where_a_window_ends(open_both):
    """Where a window ends within a word, the pipeline takes the rest of it for another word."""
    draw = random.Random(3)
    predictor, pipe = open_both(draw_rows(draw))
    text = draw_text(draw, 120)
    alone = [predictor.tag(word)[0]["tag"] for word in text.split()]
    assert [word["tag"] for word in predictor.tag(text)] == alone
    assert find_places(predictor(text)) != find_places(pipe(text, aggregation_strategy="first", stride=8))


def test_lists_give_lists_and_a_text_gives_one_list(open_both):
    predictor, pipe = open_both({"Mira": {"B-PER": 9.0}})
    texts = ["Mira met Tol", "in Tol", "Mira"]
    assert [find_places(row) for row in predictor(texts)] == [
        find_places(row) for row in pipe(texts, aggregation_strategy="simple")
    ]
    assert find_places(predictor(texts[0])) == [(0, 4, "PER")]
