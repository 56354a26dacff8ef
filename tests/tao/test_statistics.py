"""What is said about the data before a training, against the seed's log to the last digit."""

import json
from collections import Counter
from pathlib import Path

import pytest
from transformers import BertTokenizer

from token_classification.tao.statistics import (
    choose_max_length,
    describe_class_weights,
    describe_example,
    describe_labels,
    describe_lengths,
    describe_long_sentences,
    list_class_weights,
    number_counts,
    save_class_weights,
    write_label_stats,
)
from token_classification.training.loss import balance_classes

NAMES = ["O", "B-GPE", "B-LOC", "B-MISC", "B-ORG", "B-PER", "B-TIME"]
NAMES += ["I-GPE", "I-LOC", "I-MISC", "I-ORG", "I-PER", "I-TIME"]
IDS = {name: label_id for label_id, name in enumerate(NAMES)}

TRAIN = {0: 18417, 2: 829, 6: 433, 4: 357, 11: 352, 5: 349, 1: 338, 10: 281, 8: 181, 12: 142, 3: 21, 9: 12, 7: 5}
TRAIN_LINES = [
    "Three most popular labels in data_dir/labels_train.txt:",
    "label: 0, 18417 out of 21717 (84.80%).",
    "label: 2, 829 out of 21717 (3.82%).",
    "label: 6, 433 out of 21717 (1.99%).",
    "Total labels: 21717. Label frequencies - {0: 18417, 2: 829, 6: 433, 4: 357, 11: 352, 5: 349, 1: 338, 10: 281, "
    "8: 181, 12: 142, 3: 21, 9: 12, 7: 5}",
]
TRAIN_WEIGHTS = (
    "Class Weights: {0: 0.09070632901875775, 2: 2.015124802820822, 6: 3.858056493160419, 4: 4.679379444085327, "
    "11: 4.7458479020979025, 5: 4.786643156270664, 1: 4.942421483841602, 10: 5.9449767314535995, "
    "8: 9.229494262643433, 12: 11.764355362946912, 3: 79.54945054945055, 9: 139.21153846153845, "
    "7: 334.10769230769233}"
)
DEV = {0: 18266, 2: 809, 6: 435, 4: 418, 11: 414, 5: 392, 1: 351, 10: 351, 8: 174, 12: 146, 7: 8, 3: 8, 9: 3}
DEV_LINES = [
    "Three most popular labels in data_dir/labels_dev.txt:",
    "label: 0, 18266 out of 21775 (83.89%).",
    "label: 2, 809 out of 21775 (3.72%).",
    "label: 6, 435 out of 21775 (2.00%).",
    "Total labels: 21775. Label frequencies - {0: 18266, 2: 809, 6: 435, 4: 418, 11: 414, 5: 392, 1: 351, 10: 351, "
    "8: 174, 12: 146, 7: 8, 3: 8, 9: 3}",
]


def name_counts(counts: dict[int, int]) -> Counter[str]:
    """Words per label; labels appear in the order of the dict, which decides between equal counts."""
    return Counter({NAMES[label_id]: count for label_id, count in counts.items()})


@pytest.mark.parametrize(("counts", "lines"), [(TRAIN, TRAIN_LINES), (DEV, DEV_LINES)], ids=["train", "dev"])
def test_label_frequencies_of_the_seed(counts: dict[int, int], lines: list[str]) -> None:
    labels_path = lines[0].split()[-1].rstrip(":")
    assert describe_labels(number_counts(name_counts(counts), IDS), labels_path) == lines


def test_class_weights_of_the_seed() -> None:
    assert describe_class_weights(balance_classes(number_counts(name_counts(TRAIN), IDS))) == TRAIN_WEIGHTS


def test_fewer_than_three_labels_and_none() -> None:
    assert describe_labels(number_counts(Counter(["O", "O"]), IDS), "labels.txt") == [
        "Three most popular labels in labels.txt:",
        "label: 0, 2 out of 2 (100.00%).",
        "Total labels: 2. Label frequencies - {0: 2}",
    ]
    assert describe_labels({}, "labels.txt")[1:] == ["Total labels: 0. Label frequencies - {}"]


def test_the_weight_list_is_as_long_as_the_label_map(tmp_path: Path) -> None:
    weights = balance_classes({0: 3, 2: 1})
    assert list_class_weights(weights, 5) == [4 / 6, 1.0, 2.0, 1.0, 1.0]
    path = save_class_weights(weights, 5, tmp_path / "labels_train.txt")
    assert path == tmp_path / "labels_train_weights.json"
    assert json.loads(path.read_text()) == [4 / 6, 1.0, 2.0, 1.0, 1.0]


def test_label_stats_are_written_afresh(tmp_path: Path) -> None:
    labels_path = tmp_path / "labels_train.txt"
    write_label_stats({4: 1}, labels_path)
    path = write_label_stats(TRAIN, labels_path)
    assert path == tmp_path / "labels_train_label_stats.tsv"
    lines = path.read_text().splitlines()
    assert lines[:2] == ["0\t\t0.84805\t\t18417", "2\t\t0.03817\t\t829"]
    assert len(lines) == 13


def test_lengths_are_laid_out_as_in_the_seed() -> None:
    lengths = [6, 64, 20, 20]
    assert describe_lengths(lengths, 64) == [
        "Setting Max Seq length to: 64",
        "Some stats of the lengths of the sequences:",
        "Min: 6 |                  Max: 64 |                  Mean: 27.5 |                  Median: 20.0",
        "75 percentile: 31.00",
        "99 percentile: 62.68",
    ]
    assert describe_long_sentences(lengths, 64) == "0 are longer than 64"
    assert describe_long_sentences(lengths, 19) == "3 are longer than 19"


def test_a_split_without_sentences_has_no_spread() -> None:
    assert describe_lengths([], 0) == ["Setting Max Seq length to: 0"]


@pytest.mark.parametrize(("configured", "chosen"), [(128, 64), (50, 50), (-1, 64)])
def test_the_longest_sentence_limits_the_length(configured: int, chosen: int) -> None:
    assert choose_max_length([6, 64, 20], configured) == chosen


SENTENCE = (
    "New Zealand 's cricket team has scored a morale-boosting win over Bangladesh in the first of three one-day "
    "internationals in New Zealand ."
)
SEED_SUB_TOKENS = (
    "[CLS] new zealand ' s cricket team has scored a morale - boost ##ing win over bangladesh in the first of three "
    "one - day internationals in new zealand . [SEP]"
)
WORD_LABELS = [2, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 6, 12, 12, 12, 0, 0, 2, 8, 0]
SEED_EXAMPLE = [
    "*** Example ***",
    "i: 0",
    f"subtokens: {SEED_SUB_TOKENS}",
    "loss_mask: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1" + " 0" * 33,
    "input_mask: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1" + " 0" * 33,
    "subtokens_mask: 0 1 1 1 0 1 1 1 1 1 1 0 0 0 1 1 1 1 1 1 1 1 1 0 0 1 1 1 1 1 0" + " 0" * 33,
    "labels: 0 2 8 0 0 0 0 0 0 0 0 0 0 0 0 0 2 0 0 6 12 12 12 12 12 0 0 2 8 0 0" + " 0" * 33,
]


@pytest.fixture(scope="module")
def seed_tokenizer() -> BertTokenizer:
    """BERT's tokenizer over the sub-tokens of the seed's example."""
    pieces = dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *SEED_SUB_TOKENS.split()])
    return BertTokenizer(vocab={piece: place for place, piece in enumerate(pieces)}, do_lower_case=True)


def test_the_example_of_the_seed(seed_tokenizer: BertTokenizer) -> None:
    assert describe_example(seed_tokenizer, SENTENCE.split(), WORD_LABELS, max_length=64) == SEED_EXAMPLE


def test_what_has_no_loss_is_seen_in_the_example(seed_tokenizer: BertTokenizer) -> None:
    settings = {"max_length": 7, "ignore_extra_tokens": True, "ignore_start_end": True, "pad_label_id": 9}
    lines = describe_example(seed_tokenizer, ["one-day", "win"], [1, 2], **settings)
    assert lines[3:] == [
        "loss_mask: 0 1 0 0 1 0 0",
        "input_mask: 1 1 1 1 1 1 0",
        "subtokens_mask: 0 1 0 0 1 0 0",
        "labels: 9 1 1 1 2 9 9",
    ]


def test_a_long_sentence_shows_its_beginning(seed_tokenizer: BertTokenizer) -> None:
    lines = describe_example(seed_tokenizer, SENTENCE.split(), WORD_LABELS, max_length=5)
    assert lines[2] == "subtokens: [CLS] new zealand ' [SEP]"
    assert lines[6] == "labels: 0 2 8 0 0"
