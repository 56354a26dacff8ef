"""From teachers and texts to what a training learns from them."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from transformers import PreTrainedModel

from token_classification.alignment.align import AlignedSplit, Aligner
from token_classification.arguments.run import RunArguments
from token_classification.data.labels import LabelSet
from token_classification.data.load import Corpus
from token_classification.data.sentences import Sentences
from token_classification.data.splits import REPLAY
from token_classification.distillation.hints import add_hint
from token_classification.distillation.partial_gold import check_teachers_agree, free_outside
from token_classification.distillation.teacher_spans import read_teacher_spans
from token_classification.distillation.teachers import Beliefs, ask_teachers
from token_classification.distillation.unlabelled import read_unlabelled
from token_classification.errors import UserError
from token_classification.training.distillation import TEACHER_OUTPUTS, DistillationLoss, Lessons, build_lessons

logger = logging.getLogger(__name__)

NO_TAG = ""
"""No label of any model, so nothing is learnt from it"""


def prepare_lessons(
    arguments: RunArguments, corpus: Corpus, model: PreTrainedModel, aligner: Aligner, train: AlignedSplit
) -> Lessons:
    """Ask the teachers about the words of the training split and of unlabelled texts; the model is the student.

    Raises:
        UserError: a teacher or a text can't be read, or something else weighs the labels, too.
    """
    distillation = arguments.distillation
    labels = aligner.label_set
    if not isinstance(labels, LabelSet):
        raise UserError("--teacher: a model of nested entities can't be taught yet; accepted: one column of tags.")
    if arguments.learning.class_weights != "none":
        raise UserError(
            f"--class_weights {arguments.learning.class_weights} with --teacher: the teachers' probabilities weigh "
            "the labels already; accepted is one of the two; leave one out."
        )
    gold = corpus.splits["train"]
    texts, beliefs = _ask(arguments, corpus, labels)
    words = train.ledger.words
    kept = _choose_confident(beliefs.confidences[words:], texts, distillation.teacher_confidence)
    rows = np.concatenate([np.ones(words, dtype=bool), *(np.full(len(text), keep) for text, keep in kept)])
    unlabelled = aligner.align(Sentences([text for text, keep in kept if keep]))

    # Of a word whose label no teacher knows they can only say what is wrong, and files don't speak of all words.
    gold_ids = labels.encode(tag for tags in gold.gold for tag in tags)
    is_taught = beliefs.weights[rows] > 0
    is_taught[:words] &= (gold_ids < 0) | beliefs.knows[gold_ids]
    check_teachers_agree(distillation.names, gold_ids, labels, beliefs.known)
    freed = _free_files(beliefs, gold_ids, labels, gold.tokens, len(corpus.splits.get(REPLAY, ())))
    if freed.any():
        train = _align_without(aligner, corpus, freed)
    loss = DistillationLoss.build(
        beliefs.probabilities[rows],
        distillation.distillation_temperature,
        distillation.distillation_alpha,
        arguments.training.label_smoothing_factor,
        beliefs.weights[rows] if distillation.teacher_spans else None,
    )
    logger.info(
        "%d teacher%s: %s sentences with tags and %s without are learnt from",
        len(beliefs.known),
        "" if len(beliefs.known) == 1 else "s",
        f"{len(gold):,}",
        f"{sum(keep for _, keep in kept):,}",
    )
    lessons = build_lessons(train, unlabelled, is_taught, loss)
    if distillation.hint_weight == 0:
        return lessons
    return add_hint(lessons, model, aligner, [block[rows] for block in beliefs.states], distillation.hint_weight)


def _ask(arguments: RunArguments, corpus: Corpus, labels: LabelSet) -> tuple[list[list[str]], Beliefs]:
    """Return the words of the texts without tags, and what the teachers think of the training split and of these."""
    distillation, gold = arguments.distillation, corpus.splits["train"]
    measured = [sentences for split, sentences in corpus.splits.items() if split not in ("train", REPLAY)]
    texts = read_unlabelled(distillation.unlabelled_file or (), distillation.unlabelled_words, measured)
    spans = None
    if distillation.teacher_spans:
        files, rule = distillation.teacher_spans, distillation.unlabelled_words
        spans = read_teacher_spans(files, [*gold.tokens, *texts], labels, rule, measured)
        texts += spans.texts
    with arguments.training.main_process_first(desc="teachers"):
        beliefs = ask_teachers(
            distillation.teacher or (),
            [*gold.tokens, *texts],
            labels,
            distillation.distillation_temperature,
            arguments.common_folder / TEACHER_OUTPUTS,
            spans=spans,
            with_states=distillation.hint_weight > 0,
        )
    return texts, beliefs


def _free_files(
    beliefs: Beliefs, gold_ids: np.ndarray, labels: LabelSet, tokens: Sequence[Sequence[str]], replayed: int
) -> np.ndarray:
    """Tell at which words the teachers' answer takes the place of an `O`; what is replayed is a file of its own."""
    words = len(gold_ids)
    border = words - sum(map(len, tokens[len(tokens) - replayed :]))
    parts = (slice(0, border), slice(border, words))
    answers = beliefs.probabilities[:words]
    freed = [free_outside(answers, gold_ids, labels, beliefs.knows, part) for part in parts]
    either: np.ndarray = np.logical_or(*freed) & (beliefs.weights[:words] > 0)
    if either.any():
        logger.info(
            "the teachers know types that the training data leave out: at %s words with O they speak alone",
            f"{int(either.sum()):,}",
        )
    return either


def _align_without(aligner: Aligner, corpus: Corpus, freed: np.ndarray) -> AlignedSplit:
    """Align the training split again, without the tags of some words."""
    gold, place = corpus.splits["train"], iter(freed)
    tags = [[NO_TAG if next(place) else tag for tag in row] for row in gold.gold]
    return aligner.align_corpus(replace(corpus, splits=corpus.splits | {"train": replace(gold, tags=tags)}), "train")


def _choose_confident(
    confidences: np.ndarray, texts: list[list[str]], threshold: float
) -> list[tuple[list[str], bool]]:
    """Tell of each text whether the teachers are sure enough of all of its words."""
    starts = np.concatenate(([0], np.cumsum([len(text) for text in texts], dtype=np.int64)))
    return [
        (text, bool((confidences[start:end] >= threshold).all()))
        for text, (start, end) in zip(texts, pairwise(starts), strict=True)
    ]
