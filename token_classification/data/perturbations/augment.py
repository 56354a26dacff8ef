"""Perturbed copies of training sentences, from which a model learns beside the sentences themselves."""

import logging
import random
from collections.abc import Mapping
from dataclasses import replace

from token_classification.arguments.perturbations import read_perturbations
from token_classification.arguments.run import RunArguments
from token_classification.data.levels import LabelLevels, Labels
from token_classification.data.load import Corpus
from token_classification.data.perturbations.variants import KEEP_WORDS, list_variants, perturb_sentence
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.errors import UserError

logger = logging.getLogger(__name__)

COPIED_SHARE = 0.5
"""So many of the training sentences get a perturbed copy"""


def augment_training(corpus: Corpus, arguments: RunArguments, labels: Labels) -> Corpus:
    """Return the corpus as it is learnt from: with the perturbed copies that `--augment` asks for.

    Args:
        corpus: All splits; only the training split changes.
        arguments: The settings of the run; nothing happens where it does not train, or `--augment` is not given.
        labels: Those of the model. No copy needs others.

    Raises:
        UserError: the perturbation can't be done to tags like these.
    """
    text = arguments.learning.augment
    if text is None or not arguments.training.do_train:
        return corpus
    perturbations = read_perturbations(text)
    if isinstance(labels, LabelLevels):
        raise UserError(
            f"--augment {text}: the data have nested entities on {len(labels.sets)} levels; accepted is one level: "
            "leave --augment out."
        )
    others = [name for name in perturbations if name not in KEEP_WORDS]
    if labels.scheme == Scheme.PLAIN and others:
        raise UserError(
            f"--augment {text}: {', '.join(others)} can be done to entities only, and these tags mark none; accepted "
            f"here: {', '.join(KEEP_WORDS)}."
        )
    train = corpus.splits["train"]
    augmented = add_perturbed_copies(train, perturbations, labels.scheme, set(labels.names), arguments.training.seed)
    logger.info(
        "--augment %s: %s training sentences, of which %s are perturbed copies",
        text,
        f"{len(augmented):,}",
        f"{len(augmented) - len(train):,}",
    )
    return replace(corpus, splits=corpus.splits | {"train": augmented})


def add_perturbed_copies(
    sentences: Sentences, perturbations: Mapping[str, float], scheme: Scheme, known: set[str], seed: int
) -> Sentences:
    """Add perturbed copies of half of the sentences behind all of them, each by one of the perturbations.

    A copy has the line of its sentence, and a document that is another one: nothing is read together with its copy.

    Args:
        sentences: Those that are learnt from; all stay.
        perturbations: Perturbation -> its rate.
        scheme: That of the tags.
        known: Tags that copies may have.
        seed: Decides, with the place of a sentence, whether it gets a copy, and which one.
    """
    choices = [list_variants(name, rate) for name, rate in perturbations.items()]
    copies: dict[int, tuple[list[str], list[str]]] = {}
    for row, (words, tags) in enumerate(zip(sentences.tokens, sentences.gold, strict=True)):
        chance = random.Random(f"{seed} augment {row}")
        if chance.random() < COPIED_SHARE:
            variant = chance.choice(chance.choice(choices))
            perturbed = perturb_sentence(words, tags, variant, scheme, known, chance)
            if perturbed[0] != words:
                copies[row] = perturbed
    documents = sentences.doc_ids
    return replace(
        sentences,
        tokens=[*sentences.tokens, *(words for words, _ in copies.values())],
        tags=[*sentences.gold, *(tags for _, tags in copies.values())],
        lines=[*sentences.lines, *(sentences.lines[row] for row in copies)],
        doc_ids=documents and [*documents, *(documents[row] and f"{documents[row]} (perturbed)" for row in copies)],
        has_line_per_word=False,
        skipped_lines=[],
    )
