"""Teachers that are files: spans with scores that GLiNER, a language model or anything else has found in texts.

A word in a span has the span's tag with its score, and is `O` with the rest. That a word is in no span says less:
nobody knows how much such a finder misses, and it keeps to itself what is below its threshold. So such a word is `O`,
but counts less than others (as in Mayhew et al., 2019, https://aclanthology.org/K19-1060).
"""

import json
import logging
import shlex
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from token_classification.data.entities import Entity
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import SPAN_READERS, read_documents
from token_classification.data.labels import LabelSet
from token_classification.data.problems import Kind, Problem, refuse_problems, show
from token_classification.data.scheme_conversion import spell_sentence
from token_classification.data.schemes import OUTSIDE, Scheme, name_type
from token_classification.data.sentences import Sentences
from token_classification.data.spans.document import SpanDocument, SpanFile
from token_classification.data.spans.words import PlacedSpan, find_document_words, place_spans
from token_classification.data.words_of_text import Offsets, WordRule
from token_classification.distillation.held_out import HeldOut
from token_classification.errors import UserError
from token_classification.nearest_names import find_nearest
from token_classification.output_text import quote_path

logger = logging.getLogger(__name__)

OUTSIDE_WEIGHT = 0.5
"""How much a word in no span counts, beside 1 for one in a span"""


@dataclass(frozen=True)
class SpanAnswers:
    """What files say of sentences, and of further texts that stand in them only."""

    texts: list[list[str]] = field(default_factory=list)
    """The words of the further ones"""
    spans: dict[int, list[PlacedSpan]] = field(default_factory=dict)
    """Sentence -> what was found in it; the numbers of the texts follow those of the sentences"""

    def weigh(self, sentences: Sequence[Sequence[str]], labels: LabelSet) -> tuple[np.ndarray, np.ndarray]:
        """Return how probable every label of each word is, and how much that counts: 0 where nothing is said.

        Args:
            sentences: All of them, the texts last.
            labels: Those that the spans were read for.

        Returns:
            float32 (words, labels), and float32 (words,).
        """
        starts = np.cumsum([0, *map(len, sentences)])
        probabilities = np.zeros((starts[-1], len(labels)), dtype=np.float32)
        weights = np.zeros(starts[-1], dtype=np.float32)
        for row, spans in self.spans.items():
            probabilities[starts[row] : starts[row + 1], labels.ids[OUTSIDE]] = 1.0
            weights[starts[row] : starts[row + 1]] = OUTSIDE_WEIGHT
            tags = _spell(spans, len(sentences[row]), labels)
            for span, first, end in spans:
                for place in range(first, end):
                    word, score = starts[row] + place, _read_score(span.score)
                    probabilities[word, labels.ids[OUTSIDE]] = 1 - score
                    probabilities[word, labels.ids[tags[place]]] = score
                    weights[word] = 1.0
        return probabilities, weights

    def know(self, labels: LabelSet) -> np.ndarray:
        """Return which labels the files can say something about, bool (labels,): `O`, and those of their types."""
        types = {span.label for spans in self.spans.values() for span, _, _ in spans}
        return np.array([name == OUTSIDE or name_type(name) in types for name in labels.names])


def read_teacher_spans(
    files: Sequence[str],
    sentences: Sequence[Sequence[str]],
    labels: LabelSet,
    rule: WordRule,
    measured: Iterable[Sentences],
) -> SpanAnswers:
    """Read what files say of sentences, and of the other texts in them, without those that the model is measured on.

    A text is that of a sentence if both have the same characters but for blanks; then its words are those of the
    sentence. Of several answers to a text the first counts.

    Args:
        files: In any format with spans of characters.
        sentences: Words that are learnt anyway, with tags or without.
        labels: Those of the model; the names of its types are the labels of the spans.
        rule: How words are found in the other texts.
        measured: The splits that the model is scored on.

    Raises:
        UserError: a file has no spans; as `DataError`: what is wrong in it.
    """
    if files and labels.scheme == Scheme.PLAIN:
        raise UserError(
            "--teacher_spans: the tags of the training data mark no entities; accepted: tags such as B-PER"
        )
    listener = _Listener(sentences, labels, rule, HeldOut(measured))
    for name in files:
        counts = dict.fromkeys(("spans", "sentences", "texts", "moved", "left out", "same", "near", "repeated"), 0)
        for document in _read_file(Path(name), labels).documents:
            listener.take(document, counts)
        logger.info(
            "%s: %s spans in %s sentences of the training and %s other texts; %s spans were moved to the borders of "
            "words, %s have no word of their own and are left out; of the texts %s are in the validation or test "
            "split and %s nearly, %s come again or have no words: these are left out, too",
            name,
            *(f"{count:,}" for count in counts.values()),
        )
    return listener.answers


class _Listener:
    """Finds out which text each answer is for."""

    def __init__(
        self, sentences: Sequence[Sequence[str]], labels: LabelSet, rule: WordRule, held_out: HeldOut
    ) -> None:
        self.answers = SpanAnswers()
        self._sentences, self._labels, self._rule, self._held_out = sentences, labels, rule, held_out
        self._seen: set[str] = set()
        self._rows: dict[str, list[int]] = defaultdict(list)
        for row, words in enumerate(sentences):
            self._rows[_drop_blanks("".join(words))].append(row)

    def take(self, document: SpanDocument, counts: dict[str, int]) -> None:
        """Take the answer to a text, and count what becomes of it."""
        key = _drop_blanks(document.text)
        if not key or key in self._seen:
            counts["repeated"] += 1
            return
        self._seen.add(key)
        given = {row: _find_given_words(document.text, self._sentences[row]) for row in self._rows.get(key, ())}
        found = {row: words for row, words in given.items() if words is not None}
        if not found:
            words = find_document_words(document, self._rule)
            text = [document.text[start:end] for start, end in words]
            if reason := self._held_out.find(text):
                counts[reason] += 1
                return
            found = {len(self._sentences) + len(self.answers.texts): [*words]}
            self.answers.texts.append(text)
        counts["sentences" if given else "texts"] += 1
        for row, words in found.items():
            self.answers.spans[row] = self._place(document, words, counts)

    def _place(self, document: SpanDocument, words: Sequence[Offsets], counts: dict[str, int]) -> list[PlacedSpan]:
        """Place spans on words: those that cut one get all of it, and of those that share one the surest is kept.

        Raises:
            UserError: the model has no label for a tag of these.
        """
        found = place_spans(document, words, "expand")
        kept: list[PlacedSpan] = []
        for item in sorted(found.placed, key=lambda item: (-_read_score(item.span.score), item.start - item.end)):
            if all(item.end <= other.start or other.end <= item.start for other in kept):
                kept.append(item)
        kept.sort(key=lambda item: item.start)
        counts["spans"] += len(kept)
        counts["moved"] += len(found.moved)
        counts["left out"] += len(found.left_out) + len(found.placed) - len(kept)
        labels = self._labels
        missing = {*_spell(kept, len(words), labels)} - {*labels.ids, OUTSIDE}
        if missing:
            raise UserError(
                f"{document.path}:{document.line}: the spans need the labels {', '.join(sorted(missing))}, which the "
                f"training data do not have ({', '.join(labels.names)}); accepted: spans that these can tag; name "
                "further labels of the model with --labels"
            )
        return kept


def _read_file(path: Path, labels: LabelSet) -> SpanFile:
    """Return the documents of a file whose spans are of known types and have scores that are probabilities.

    Raises:
        UserError: it has no spans; as `DataError`: what is wrong in it.
    """
    file_format = recognise_format(path)
    file = read_documents(path, file_format) if file_format in SPAN_READERS else None
    if file is None or not (file.is_labelled or file.problems):
        raise UserError(
            f"--teacher_spans {path}: {file_format} without spans of characters; accepted: a text and its spans on "
            'each line: {"text": "Anna left", "spans": [{"start": 0, "end": 4, "label": "PER", "score": 0.9}]}'
        )
    for note in file.notes:
        logger.warning("%s", note)
    problems = [*file.problems, *_find_wrong_spans(file, labels)]
    refuse_problems(Sentences(), problems)
    return file


def _find_wrong_spans(file: SpanFile, labels: LabelSet) -> list[Problem]:
    """Return scores that are none, and for each label that is no type of the model the first span that has it."""
    types = list(dict.fromkeys(name_type(name) for name in labels.names if name != OUTSIDE))
    problems = []
    unknown: set[str] = set()
    for document in file.documents:
        for span in document.spans:
            if not 0 <= _read_score(span.score) <= 1:
                text = f"{document.quote(span)} has the score {span.score:g}; accepted: 0 to 1, or none; correct it"
                problems.append(document.report(Kind.BROKEN_SPAN, text))
            if span.label not in types and span.label not in unknown:
                unknown.add(span.label)
                problems.append(document.report(Kind.BROKEN_SPAN, _explain_label(span.label, types, file.path)))
    return problems


def _explain_label(label: str, types: Sequence[str], path: Path) -> str:
    nearest = next(iter(find_nearest(label, types, most=1)), "TYPE")
    query = shlex.quote(f"(.. | select(. == {json.dumps(label)})) |= {json.dumps(nearest)}")
    return (
        f"label {show(label)} is no type of the model; accepted: {', '.join(types)}; name it so with: "
        f"jq -c {query} {quote_path(path)} > NAMED.jsonl; or name the tags of a new type in --labels"
    )


def _spell(spans: Sequence[PlacedSpan], words: int, labels: LabelSet) -> list[str]:
    return spell_sentence([Entity(item.span.label, item.start, item.end) for item in spans], words, labels.scheme)


def _read_score(score: float | None) -> float:
    return 1.0 if score is None else score


def _find_given_words(text: str, words: Sequence[str]) -> list[Offsets] | None:
    """Return where words stand in a text; None where something else than blanks is between them."""
    offsets: list[Offsets] = []
    place = 0
    for word in words:
        start = text.find(word, place)
        if start < 0 or text[place:start].strip():
            return None
        place = start + len(word)
        offsets.append((start, place))
    return offsets


def _drop_blanks(text: str) -> str:
    return "".join(text.split())
