"""What a model of nested entities learns from: labels of each level at each position, and the sum of their losses."""

import numpy as np
import pytest
import torch
from conftest import build_wordpiece
from nested_sentences import LEVELS, NESTED, write_nested
from oracle import predict_levels_with_oracle
from torch.nn import functional

from token_classification.alignment.align import build_aligner
from token_classification.alignment.batches import build_collator
from token_classification.arguments.command_line import parse_command_line
from token_classification.data.labels import LabelSet
from token_classification.data.levels import LabelLevels, choose_labels
from token_classification.data.load import Corpus, load_corpus
from token_classification.data.schemes import Scheme
from token_classification.scoring.decode import plan_levels
from token_classification.scoring.evaluate import evaluate_levels
from token_classification.scoring.predict import WordLogits, WordPredictions
from token_classification.scoring.predict import choose_labels as settle_labels
from token_classification.training.loss import INNER_WEIGHT, LabelLoss, weigh_classes
from token_classification.training.packing.collator import PackingCollator

COLUMNS = (slice(0, 3), slice(3, 5))


def load(path) -> Corpus:
    """Load a training file with both levels."""
    argv = ["--model_name_or_path", "x", "--train_file", str(path), "--label_column_name", "2,3"]
    return load_corpus(parse_command_line([*argv, "--output_dir", "out", "--do_train"])[0])


def choose(corpus: Corpus) -> LabelLevels:
    """Return the labels of both levels."""
    return choose_labels(corpus, task="ner", labels_file=None, model_labels=None, is_training=True)


def make_outputs(shape: tuple[int, ...]):
    torch.manual_seed(0)
    return type("Outputs", (), {"logits": torch.randn(*shape, requires_grad=True)})


def test_the_loss_is_the_weighted_sum_of_the_levels_own():
    outputs = make_outputs((2, 3, 5))
    labels = torch.tensor([[[1, 0], [-100, -100], [2, 1]], [[-100, -100], [0, 0], [1, 1]]])
    levels = [
        functional.cross_entropy(outputs.logits[..., columns].flatten(0, 1), labels[..., level].flatten())
        for level, columns in enumerate(COLUMNS)
    ]
    loss = LabelLoss(levels=COLUMNS)
    assert loss(outputs, labels).item() == pytest.approx((levels[0] + INNER_WEIGHT * levels[1]).item())
    assert loss.weigh(labels) == 4


def test_parts_of_a_batch_add_up_to_the_loss_of_the_whole():
    outputs = make_outputs((2, 3, 5))
    labels = torch.tensor([[[1, 0], [-100, 1], [2, -100]], [[0, 1], [0, 0], [1, 1]]])
    for weights in (None, torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])):
        loss = LabelLoss(weights, levels=COLUMNS)
        parts = [
            loss(type("Outputs", (), {"logits": outputs.logits[row : row + 1]}), labels[row : row + 1], total)
            for total in [sum(loss.weigh(labels[row : row + 1]) for row in range(2))]
            for row in range(2)
        ]
        assert sum(parts).item() == pytest.approx(loss(outputs, labels).item())


def test_a_level_learns_nothing_from_the_labels_of_the_other():
    outputs = make_outputs((1, 2, 5))
    LabelLoss(levels=COLUMNS)(outputs, torch.tensor([[[1, -100], [2, -100]]])).backward()
    gradient = outputs.logits.grad
    assert gradient[..., COLUMNS[0]].abs().sum() > 0
    assert gradient[..., COLUMNS[1]].abs().sum() == 0


def test_class_weights_are_those_of_each_level(tmp_path):
    corpus = load(write_nested(tmp_path / "nested.tsv"))
    labels = choose(corpus)
    weights = weigh_classes(corpus, labels)
    for level, columns in zip(LEVELS, labels.columns, strict=True):
        assert weights[columns].tolist() == weigh_classes(corpus.levels[level], labels.sets[level]).tolist()


def test_every_word_has_a_label_of_each_level_in_padded_and_in_packed_batches(tmp_path):
    corpus, tokenizer = load(write_nested(tmp_path / "nested.tsv")), build_wordpiece(lowercase=True)
    labels = choose(corpus)
    aligner = build_aligner(tokenizer, labels, window_length=32)
    split = aligner.align_corpus(corpus, "train")
    plain = build_collator(tokenizer, aligner.special)
    windows = [split[place] for place in range(len(split))]
    for collator in (plain, PackingCollator(plain, first_position=0, longest_row=64)):
        batch = collator(windows)
        assert batch["labels"].shape == (*batch["input_ids"].shape, 2)
        known = batch["labels"][batch["labels"][..., 0] >= 0]
        for level, name in enumerate(LEVELS):
            found = [labels.sets[name].names[label] for label in known[:, level].tolist()]
            expected = [tag for row in NESTED for tag in row[1 + level].split()]
            assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("decoder", ["argmax", "viterbi"])
@pytest.mark.parametrize("split", ["dev", "test"])
def test_an_oracle_scores_one_on_both_levels_of_germeval(real_data, split, decoder):
    corpus = load(real_data / "germeval2014" / f"{split}.tsv")
    labels = choose(corpus)
    aligned = build_aligner(build_wordpiece(lowercase=True), labels, window_length=64).align_corpus(corpus, "train")
    results = evaluate_levels(predict_levels_with_oracle(aligned, labels, decoder), aligned, labels)
    for level in ("", *(f"{name}_" for name in LEVELS)):
        scores = [results.metrics[f"{level}{name}"] for name in ("f1", "strict_f1", "accuracy")]
        assert scores == [1.0, 1.0, 1.0], level
    assert results.metrics["loose_f1"] == 1.0
    for name in LEVELS:
        assert results.levels[name].tags == corpus.levels[name].splits["train"].tags


def test_viterbi_repairs_each_level_by_itself():
    """An illegal tag of the inner level is no matter of the outer one."""
    sets = {name: LabelSet(("O", "B-X", "I-X"), Scheme.IOB2) for name in LEVELS}
    logits = np.float32([[0.0, 5, 0, 3, 0, 2], [0, 0, 5, 0, 0, 5]])
    part = WordLogits(np.arange(2), np.zeros(2, dtype=np.int64), logits)
    found = []
    for level in plan_levels(LabelLevels(sets), "viterbi"):
        result = WordPredictions(np.zeros(2, dtype=np.int32), np.zeros(2, dtype=np.float32), repaired=0)
        settle_labels(part.of_level(level.columns), level.decoder, result)
        found.append((result.label_ids.tolist(), result.repaired))
    assert found == [([1, 2], 0), ([1, 2], 1)]
