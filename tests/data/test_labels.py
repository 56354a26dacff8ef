"""The label set: names, their order, and what is said about tags that don't fit."""

import re
from pathlib import Path

import pytest

from token_classification.data.labels import IGNORED_LABEL, LabelSet, choose_label_set, read_label_file
from token_classification.data.load import Corpus
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.errors import DataError, UserError
from token_classification.scoring.metrics import score_tags


def make_corpus(label_names: list[str] | None = None, **splits: str | None) -> Corpus:
    """A corpus of one-sentence-per-`|` splits: `make_corpus(train="B-PER O | O")`; None is a split without tags."""
    made = {}
    for split, text in splits.items():
        tags = [part.split() for part in (text or "O").split("|")]
        words = [[f"w{number}" for number in range(len(sentence))] for sentence in tags]
        made[split] = Sentences(words, None if text is None else tags, [10 * row + 1 for row in range(len(tags))])
    return Corpus(made, {split: f"{split}.conll" for split in splits}, label_names)


def choose(corpus: Corpus, **options) -> LabelSet:
    """Choose with the defaults of a training run."""
    defaults = {"task": "ner", "labels_file": None, "model_labels": None, "is_training": True}
    return choose_label_set(corpus, **(defaults | options))


@pytest.fixture
def write_labels(tmp_path: Path):
    """Give a function that writes a labels.txt."""

    def write(text: str) -> str:
        path = tmp_path / "labels.txt"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_o_stands_first_and_the_rest_is_sorted() -> None:
    label_set = choose(make_corpus(train="I-PER B-PER O B-LOC", validation="I-LOC a-x B-\u00c4"), task="pos")
    assert label_set.names == ("O", "B-LOC", "B-PER", "B-Ä", "I-LOC", "I-PER", "a-x")
    assert label_set.ids["B-PER"] == 2
    assert len(label_set) == 7


def test_tags_without_o_are_just_sorted() -> None:
    label_set = choose(make_corpus(train="VERB DET NOUN"), task="pos")
    assert label_set == LabelSet(("DET", "NOUN", "VERB"), Scheme.PLAIN)


def test_the_order_of_the_labels_file_is_kept(write_labels) -> None:
    labels_file = write_labels("I-PER\n\nB-PER\r\n  \nO \nB-MORE\n")
    label_set = choose(make_corpus(train="O B-PER I-PER"), labels_file=labels_file)
    assert label_set.names == ("I-PER", "B-PER", "O", "B-MORE")


def test_the_order_of_the_data_set_is_kept() -> None:
    corpus = make_corpus(["B-PER", "O", "I-PER"], train="O B-PER")
    assert choose(corpus).names == ("B-PER", "O", "I-PER")


def test_the_labels_file_wins_over_the_data_set(write_labels) -> None:
    corpus = make_corpus(["O", "B-PER"], train="O B-PER")
    assert choose(corpus, labels_file=write_labels("B-PER\nO\n")).names == ("B-PER", "O")


def test_a_name_twice_is_refused_with_both_lines(write_labels) -> None:
    labels_file = write_labels("O\nB-PER\n\nO\nB-PER\n")
    with pytest.raises(DataError) as caught:
        read_label_file(labels_file)
    assert str(caught.value).splitlines() == [
        f"{labels_file}:4: label 'O' is already on line 1; remove one of them",
        f"{labels_file}:5: label 'B-PER' is already on line 2; remove one of them",
    ]


@pytest.mark.parametrize("text", ["", "\n", " \n\t\n", "\ufeff"])
def test_an_empty_labels_file_is_refused(write_labels, text: str) -> None:
    labels_file = write_labels(text)
    with pytest.raises(DataError, match="no label found; accepted: one label name per line") as caught:
        read_label_file(labels_file)
    assert str(caught.value).startswith(labels_file)


def test_a_missing_labels_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"labels\.txt: no such file"):
        read_label_file(str(tmp_path / "labels.txt"))


def test_a_model_with_the_same_names_keeps_its_order() -> None:
    label_set = choose(make_corpus(train="O B-PER I-PER"), model_labels=["I-PER", "O", "B-PER"])
    assert label_set.names == ("I-PER", "O", "B-PER")


@pytest.mark.parametrize("model_labels", [["I-PER", "O"], ["I-PER", "O", "B-PER", "B-LOC"], ["A", "B", "C"]])
def test_a_model_with_other_names_does_not_set_the_order(model_labels: list[str]) -> None:
    assert choose(make_corpus(train="B-PER I-PER O"), model_labels=model_labels).names == ("O", "B-PER", "I-PER")


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_tag_outside_training_is_a_warning_and_counts_as_missed(
    caplog: pytest.LogCaptureFixture, split: str
) -> None:
    corpus = make_corpus(train="O B-PER", **{split: "B-NEW I-NEW O | B-NEW O B-PER"})
    label_set = choose(corpus)
    (message,) = caplog.messages
    assert message.startswith(f"Tags of the {split} split that the model cannot learn")
    assert "B-NEW (2 words), I-NEW (1 words)" in message
    gold = corpus.splits[split].tags
    assert [label_set.names[label_id] for label_id in label_set.encode(gold[0])] == gold[0]
    scores = score_tags(gold, [["O", "O", "O"], ["O", "O", "B-PER"]], label_set.scheme)
    assert scores["NEW"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "number": 2}
    assert scores["overall_recall"] == pytest.approx(1 / 3)


def test_a_tag_that_the_model_does_not_know_gets_no_loss() -> None:
    encoded = LabelSet(("O", "B-PER"), Scheme.IOB2).encode(["B-PER", "B-NEW", "O"])
    assert encoded.tolist() == [1, IGNORED_LABEL, 0]


def test_no_warning_where_all_tags_can_be_learnt(caplog: pytest.LogCaptureFixture) -> None:
    choose(make_corpus(train="O B-PER I-PER", validation="O B-PER", test=None))
    assert caplog.messages == []


def test_a_training_tag_missing_in_the_labels_file_is_refused(write_labels) -> None:
    labels_file = write_labels("O\nB-PER\nI-PER\n")
    with pytest.raises(DataError) as caught:
        choose(make_corpus(train="O B-PER | O O I-PRE B-PER | QQQ"), labels_file=labels_file, task="pos")
    assert str(caught.value).splitlines() == [
        "train.conll:11: tag 'I-PRE' (word 3 of the sentence) is not a known label; did you mean I-PER?",
        "train.conll:21: tag 'QQQ' (word 1 of the sentence) is not a known label",
        f"Accepted are the names in {labels_file}: add the missing ones there",
    ]


def test_without_training_the_labels_are_those_of_the_model(caplog: pytest.LogCaptureFixture) -> None:
    corpus = make_corpus(["O", "B-LOC"], validation="O B-LOC B-PER")
    label_set = choose(corpus, model_labels=["B-PER", "I-PER", "O"], is_training=False)
    assert label_set.names == ("B-PER", "I-PER", "O")
    assert "B-LOC (1 words)" in caplog.messages[0]
    assert "B-PER" not in caplog.messages[0]


def test_without_training_an_unnamed_model_takes_the_labels_file(write_labels) -> None:
    corpus = make_corpus(test=None)
    label_set = choose(corpus, labels_file=write_labels("B-PER\nO\n"), is_training=False)
    assert label_set.names == ("B-PER", "O")


def test_no_labels_anywhere_is_refused() -> None:
    with pytest.raises(UserError, match=r"(?s)no label names.*--do_train --train_file FILE.*--labels FILE"):
        choose(make_corpus(test="O B-PER"), is_training=False)


@pytest.mark.parametrize(("gold", "is_training"), [("O O", False), (None, False), ("O O | O", True)])
def test_the_names_tell_the_scheme_where_the_gold_does_not(write_labels, gold: str | None, is_training: bool) -> None:
    corpus = make_corpus(train="O", test=gold) if is_training else make_corpus(test=gold)
    labels_file = write_labels("O\nB-PER\nI-PER\nE-PER\nS-PER\n")
    label_set = choose(
        corpus,
        labels_file=labels_file if is_training else None,
        model_labels=read_label_file(labels_file),
        is_training=is_training,
    )
    assert label_set.scheme == Scheme.IOBES


def test_the_gold_tells_the_scheme_before_the_names() -> None:
    label_set = choose(make_corpus(validation="I-PER O"), model_labels=["O", "B-PER", "I-PER"], is_training=False)
    assert label_set.scheme == Scheme.IOB1


@pytest.mark.parametrize("tag", ["B-A\tB", "B-A\nB", "B-A\r", ""])
@pytest.mark.parametrize("split", ["train", "test"])
def test_a_label_that_no_prediction_file_can_hold_is_refused_before_the_training(tag: str, split: str) -> None:
    corpus = make_corpus(train="B-PER O | O", test="O | O O")
    corpus.splits[split].tags[1][0] = tag
    with pytest.raises(DataError, match=rf"{split}\.conll:11: .*{re.escape(repr(tag))}"):
        choose(corpus)


@pytest.mark.parametrize("tag", ["B-\u2028", "B-\x85", "B-\x0c", "B-\r.", "B-two words"])
def test_other_odd_characters_are_no_hindrance(tag: str) -> None:
    corpus = make_corpus(train="B-PER O | O")
    corpus.splits["train"].tags[1][0] = tag
    assert tag in choose(corpus).names
