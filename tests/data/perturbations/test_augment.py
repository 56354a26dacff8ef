"""Perturbed copies of training sentences: how many, where they stand, and that they are the same every time."""

import logging
from dataclasses import replace

import pytest
from tagged_splits import make_sentences

from token_classification.arguments.data import DataArguments
from token_classification.arguments.learning import LearningArguments
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.run import RunArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.labels import LabelSet
from token_classification.data.levels import LabelLevels
from token_classification.data.load import Corpus
from token_classification.data.perturbations.augment import COPIED_SHARE, add_perturbed_copies, augment_training
from token_classification.data.schemes import Scheme, order_tags
from token_classification.data.sentences import Sentences
from token_classification.errors import UserError

SENTENCES = make_sentences(100)
LABELS = LabelSet(tuple(order_tags(tag for tags in SENTENCES.gold for tag in tags)), Scheme.IOB2)


def augment(text: str, seed: int = 42) -> Sentences:
    """The eight hundred sentences with their copies."""
    options = LearningArguments(augment=text)
    rates = {"case": {"case": 0.0}, "typos:1": {"typos": 1.0}, "case,typos:1": {"case": 0.0, "typos": 1.0}}
    assert options.augment == text
    return add_perturbed_copies(SENTENCES, rates[text], Scheme.IOB2, set(LABELS.names), seed)


def make_arguments(text: str | None, **training: object) -> RunArguments:
    return RunArguments(
        ModelArguments("model"),
        DataArguments(train_file="train.conll"),
        NerTrainingArguments(output_dir="out", **({"do_train": True, "use_cpu": True} | training)),
        learning=LearningArguments(augment=text),
    )


def find_copies(augmented: Sentences) -> list[tuple[list[str], list[str]]]:
    """Each sentence that has a copy, and its copy: they have the same line."""
    words = dict(zip(SENTENCES.lines, SENTENCES.tokens, strict=True))
    rows = range(len(SENTENCES), len(augmented))
    return [(words[augmented.lines[row]], augmented.tokens[row]) for row in rows]


def test_every_sentence_stays_and_half_of_them_have_a_copy():
    augmented = augment("typos:1")
    assert augmented.tokens[: len(SENTENCES)] == SENTENCES.tokens
    assert augmented.gold[: len(SENTENCES)] == SENTENCES.gold
    copies = find_copies(augmented)
    assert abs(len(copies) / len(SENTENCES) - COPIED_SHARE) < 0.05
    assert all(words != copy and len(words) == len(copy) for words, copy in copies)
    gold = dict(zip(SENTENCES.lines, SENTENCES.gold, strict=True))
    assert augmented.gold == [gold[line] for line in augmented.lines]


def test_each_copy_is_made_by_one_of_the_list():
    copies = find_copies(augment("case,typos:1"))
    by_case = [copy for words, copy in copies if " ".join(words).lower() == " ".join(copy).lower()]
    assert 0.4 < len(by_case) / len(copies) < 0.6
    assert 0.2 < sum(" ".join(copy).isupper() for copy in by_case) / len(by_case) < 0.5


def test_copies_stand_in_documents_of_their_own():
    documents = [f"d{row // 8}" for row in range(len(SENTENCES))]
    labelled = replace(SENTENCES, doc_ids=documents)
    augmented = add_perturbed_copies(labelled, {"typos": 1.0}, Scheme.IOB2, set(LABELS.names), 42)
    assert augmented.doc_ids[: len(SENTENCES)] == documents
    copies = augmented.doc_ids[len(SENTENCES) :]
    assert len(copies) == len(augmented) - len(SENTENCES) > 300
    assert not set(copies) & set(documents)
    by_line = dict(zip(SENTENCES.lines, documents, strict=True))
    assert copies == [f"{by_line[line]} (perturbed)" for line in augmented.lines[len(SENTENCES) :]]


def test_copies_are_the_same_for_a_seed_and_others_for_another():
    assert augment("case,typos:1") == augment("case,typos:1")
    assert augment("case,typos:1").tokens != augment("case,typos:1", seed=1).tokens


def test_a_sentence_that_a_perturbation_leaves_as_it_is_has_no_copy():
    small = Sentences([["it", "is"]] * 50, [["O", "O"]] * 50, list(range(1, 151, 3)))
    assert len(add_perturbed_copies(small, {"typos": 1.0}, Scheme.IOB2, {"O"}, 1)) == 50


def test_only_the_training_split_of_a_training_changes(caplog):
    corpus = Corpus({"train": SENTENCES, "validation": SENTENCES}, {"train": "a", "validation": "b"})
    with caplog.at_level(logging.INFO, "token_classification"):
        learnt = augment_training(corpus, make_arguments("case"), LABELS)
    assert learnt.splits["validation"] is corpus.splits["validation"] is SENTENCES
    assert corpus.splits["train"] is SENTENCES
    total = len(learnt.splits["train"])
    assert (
        f"--augment case: {total:,} training sentences, of which {total - 800:,} are perturbed copies" in caplog.text
    )
    assert augment_training(corpus, make_arguments(None), LABELS) is corpus
    assert augment_training(corpus, make_arguments("case", do_train=False), LABELS) is corpus


def test_what_needs_entities_is_refused_without_them():
    tags = [["PRON", "VERB"]] * 10
    corpus = Corpus({"train": Sentences([["he", "went"]] * 10, tags, list(range(10)))}, {"train": "a"})
    plain = LabelSet(("PRON", "VERB"), Scheme.PLAIN)
    assert len(augment_training(corpus, make_arguments("case,typos"), plain).splits["train"]) > 10
    with pytest.raises(UserError, match=r"--augment case,spacing: spacing can be done .*; accepted here: case, typos"):
        augment_training(corpus, make_arguments("case,spacing"), plain)


def test_levels_are_refused():
    corpus = Corpus({"train": SENTENCES}, {"train": "a"})
    with pytest.raises(UserError, match="2 levels; accepted is one level"):
        augment_training(corpus, make_arguments("case"), LabelLevels({"outer": LABELS, "inner": LABELS}))
