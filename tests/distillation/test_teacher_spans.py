"""Spans that something else has found, with scores: what words they are for, and how much is believed."""

import json
import subprocess

import numpy as np
import pytest
import torch
from conftest import SENTENCES, save_tagger, write_sentences
from torch.nn import functional

from token_classification import cli
from token_classification.data.labels import IGNORED_LABEL, LabelSet
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.distillation.teacher_spans import OUTSIDE_WEIGHT, read_teacher_spans
from token_classification.distillation.teachers import ask_teachers
from token_classification.errors import DataError, UserError
from token_classification.training.distillation import DistillationLoss

NAMES = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
LABELS = LabelSet(NAMES, Scheme.IOB2)
TRAIN = [["Anna", "Smith", "'s", "dog", "."], ["Where", "is", "Berlin", "?"]]


@pytest.fixture
def write(tmp_path):
    """What GLiNER's `predict_entities` gives for a text, one text per line."""

    def write_lines(*texts, name="spans.jsonl"):
        path = tmp_path / name
        lines = []
        for text, found in texts:
            entities = []
            for surface, label, score in found:
                start = text.index(surface)
                entities.append(
                    {"start": start, "end": start + len(surface), "text": surface, "label": label, "score": score}
                )
            lines.append(json.dumps({"text": text, "entities": entities}) + "\n")
        path.write_text("".join(lines))
        return str(path)

    return write_lines


def read(*files, sentences=TRAIN, measured=(), labels=LABELS):
    return read_teacher_spans(files, sentences, labels, "punctuation", measured)


def test_a_text_is_that_of_a_sentence_whatever_its_blanks(write):
    file = write(("Anna Smith's dog.", [("Anna Smith", "PER", 0.8)]), ("Bob left Paris", [("Paris", "LOC", 1)]))
    answers = read(file)
    assert answers.texts == [["Bob", "left", "Paris"]]
    sentences = [*TRAIN, *answers.texts]
    probabilities, weights = answers.weigh(sentences, LABELS)
    assert weights.tolist() == [1, 1, *[OUTSIDE_WEIGHT] * 3, 0, 0, 0, 0, OUTSIDE_WEIGHT, OUTSIDE_WEIGHT, 1]
    assert probabilities[0].tolist() == pytest.approx([0.2, 0, 0, 0.8, 0])
    assert probabilities[1].tolist() == pytest.approx([0.2, 0, 0, 0, 0.8])
    assert probabilities[2].tolist() == [1, 0, 0, 0, 0]
    assert probabilities[5].tolist() == [0, 0, 0, 0, 0]
    assert probabilities[11].tolist() == [0, 1, 0, 0, 0]
    assert answers.know(LABELS).all()


def test_the_same_characters_cut_into_other_words_are_placed_on_each(write):
    file = write(("New York is", [("New York", "LOC", 0.5)]))
    answers = read(file, sentences=[["New", "York", "is"], ["NewYork", "is"], ["New", "Yor", "k", "is"]])
    assert answers.texts == []
    assert {row: [(start, end) for _, start, end in spans] for row, spans in answers.spans.items()} == {
        0: [(0, 2)],
        2: [(0, 3)],
    }


def test_of_spans_that_share_a_word_the_surest_is_kept(write, caplog):
    spans = [("Bob", "PER", 0.6), ("Bob left", "PER", 0.5), ("b left Par", "LOC", 0.7), ("Paris", "LOC", 0.65)]
    with caplog.at_level("INFO"):
        answers = read(write(("Bob left Paris", spans)))
    assert [(span.label, start, end) for span, start, end in answers.spans[2]] == [("LOC", 0, 3)]
    assert "1 spans were moved to the borders of words, 3 have no word of their own" in caplog.text


def test_texts_that_are_scored_are_left_out_and_counted(write, caplog):
    scored = "anna was seen with bob at the new stadium in berlin yesterday"
    file = write(
        (scored, []), (f"RT {scored} !", []), ("Bob left", [("Bob", "PER", 0.9)]), ("Bob left", []), (" ", [])
    )
    with caplog.at_level("INFO"):
        answers = read(file, measured=[Sentences([scored.split()])])
    assert answers.texts == [["Bob", "left"]]
    assert "1 are in the validation or test split and 1 nearly, 2 come again or have no words" in caplog.text


def test_unknown_labels_are_named_with_what_to_type(write, tmp_path):
    file = write(("Anna left", [("Anna", "per", 0.9)]), ("Bob left", [("Bob", "per", 0.9)]))
    with pytest.raises(DataError) as error:
        read(file)
    [line] = str(error.value).splitlines()
    assert line.startswith(f"{file}:1: label 'per' is no type of the model; accepted: LOC, PER; name it so with: jq")
    command = line[line.index("jq") : line.index(" > NAMED")]
    (tmp_path / "named.jsonl").write_text(subprocess.run(command, shell=True, text=True, capture_output=True).stdout)
    assert len(read(str(tmp_path / "named.jsonl")).spans) == 2


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"text": "Anna", "spans": [{"start": 0, "end": 4, "label": "PER", "score": 87}]}', ":1: .*score 87.*0 to 1"),
        ('{"text": "Anna", "spans": [{"start": 0, "end": 4, "label": "PER", "score": NaN}]}', ":1: .*score nan"),
        ('{"text": "Anna", "spans": [{"start": 2, "end": 9, "label": "PER", "score": 1}]}', ":1: .*2 to 9"),
        ('{"text": "Anna", "spans": [{"start": 0, "end": 4, "label": "PER", "text": "Bob"}]}', ":1: .*Bob"),
        ('{"tokens": ["Anna"], "ner_tags": ["B-PER"]}', "without spans of characters; accepted: a text and its spans"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(tmp_path, line, expected):
    (tmp_path / "spans.jsonl").write_text(line + "\n")
    with pytest.raises(UserError, match=expected):
        read(str(tmp_path / "spans.jsonl"))


def test_a_tag_that_the_model_lacks_is_named(write):
    labels = LabelSet(("O", "B-PER"), Scheme.IOB2)
    with pytest.raises(UserError, match=r"spans.jsonl:1: .*need the labels I-PER.*--labels"):
        read(write(("Anna Smith left", [("Anna Smith", "PER", 1)])), labels=labels)


def test_a_file_is_one_of_the_teachers(write, wordpiece, tmp_path):
    answers = read(write(("Anna Smith's dog.", [("Anna Smith", "PER", 0.75)])))
    teacher = str(save_tagger(tmp_path / "teacher", wordpiece, NAMES))
    model = ask_teachers([teacher], TRAIN, LABELS, 2.0, tmp_path / "c")
    alone = ask_teachers([], TRAIN, LABELS, 2.0, tmp_path / "c", spans=answers)
    both = ask_teachers([teacher], TRAIN, LABELS, 2.0, tmp_path / "c", spans=answers)
    # Softened: the square roots, made to add up to 1.
    root = np.sqrt([0.25, 0.75])
    expected = root / root.sum()
    assert alone.probabilities[0] == pytest.approx([expected[0], 0, 0, expected[1], 0], abs=1e-3)
    assert alone.weights.tolist() == [1, 1, *[OUTSIDE_WEIGHT] * 3, 0, 0, 0, 0]
    assert alone.confidences[:3] == pytest.approx([0.75, 0.75, 1])
    assert both.probabilities[0] == pytest.approx((model.probabilities[0] + alone.probabilities[0]) / 2, abs=1e-3)
    outside = (model.probabilities[3] + OUTSIDE_WEIGHT * alone.probabilities[3]) / (1 + OUTSIDE_WEIGHT)
    assert both.probabilities[3] == pytest.approx(outside, abs=1e-3)
    assert both.probabilities[5] == pytest.approx(model.probabilities[5], abs=1e-3)
    assert both.weights == pytest.approx([1, 1, *[(1 + OUTSIDE_WEIGHT) / 2] * 3, 1, 1, 1, 1])
    assert both.known.tolist() == [[True] * 5, [True, False, False, True, True]]


def test_a_weight_divides_the_gradient_of_its_word():
    torch.manual_seed(0)
    logits, targets = torch.randn(1, 3, 4), functional.softmax(torch.randn(2, 4), dim=-1).half()
    labels = torch.tensor([[[IGNORED_LABEL, 0], [IGNORED_LABEL, 1], [2, IGNORED_LABEL]]])
    gradients = []
    for weights in (None, torch.tensor([1.0, 1.0]), torch.tensor([0.5, 1.0])):
        given = logits.clone().requires_grad_()
        outputs = type("Outputs", (), {"logits": given})
        DistillationLoss(targets, 2.0, 0.7, weights=weights)(outputs, labels).backward()
        gradients.append(given.grad[0])
    assert torch.allclose(gradients[0], gradients[1])
    assert torch.allclose(gradients[2], gradients[0] * torch.tensor([[0.5], [1], [1]]))


@pytest.mark.parametrize("with_model", [False, True])
def test_a_student_learns_from_spans_alone_and_beside_a_model(
    write, bert_folder, wordpiece, tmp_path, caplog, with_model
):
    texts = [(words, [("Globex", "ORG", 0.9)] if "Globex" in words else []) for words, _ in SENTENCES]
    file = write(*texts, ("Bob of Globex left", [("Globex", "ORG", 0.9), ("Bob", "PER", 0.7)]))
    argv = ["distill", "--student", bert_folder, "-r", tmp_path / "out", "--num_train_epochs", "1"]
    argv += ["--train_file", write_sentences(tmp_path / "train.conll", SENTENCES), "--teacher_spans", file]
    if with_model:
        labels = ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER")
        argv += ["--teacher", save_tagger(tmp_path / "teacher", wordpiece, labels), "--hint_weight", "1"]
    with caplog.at_level("INFO"):
        assert cli.run([*map(str, argv)]) == 0
    count = "2 teachers" if with_model else "1 teacher"
    assert f"{count}: {len(SENTENCES)} sentences with tags and 1 without are learnt from" in caplog.text
    assert "spans.jsonl" in (tmp_path / "out" / "run.json").read_text()


def test_distill_needs_a_teacher(bert_folder, tmp_path):
    argv = ["distill", "--student", bert_folder, "-r", tmp_path / "out", "--train_file", tmp_path / "train.conll"]
    with pytest.raises(UserError, match="--teacher_spans FILE"):
        cli.run([*map(str, argv)])
