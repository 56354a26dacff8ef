"""Text to entities: `Predictor.from_pretrained(model)(texts)`."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set, Sized
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NotRequired, Self, TypedDict, TypeVar, cast, get_args

import numpy as np

from token_classification.arguments.decoding import Decoder
from token_classification.data.levels import LabelLevels
from token_classification.data.schemes import Tags
from token_classification.data.words_of_text import Offsets, WordRule
from token_classification.errors import UserError
from token_classification.inference.calibration_record import (
    UNCALIBRATED,
    Calibration,
    OperatingPoint,
    find_operating_point,
    open_calibration,
)
from token_classification.inference.display import MarkedText
from token_classification.inference.engine import Engine, open_engine
from token_classification.inference.entities import (
    TextEntity,
    Thresholds,
    list_entities,
    list_entity_labels,
    list_proposals,
    read_thresholds,
)
from token_classification.inference.neighbours import put_in_context
from token_classification.inference.proposals import Proposer, build_proposer
from token_classification.inference.texts import Taggable, TextOrWords, count_characters, list_rows, place_words
from token_classification.scoring.marginals import Segment

Item = TypeVar("Item")
Answer = TypeVar("Answer")

TEXTS_PER_CHUNK = 2048
CHARACTERS_PER_CHUNK = 250_000
"""How much of an iterator is read before its first text is tagged: texts of similar length share a batch"""


class TextTag(TypedDict):
    """The tag of a word; `text[start:end]` of the whole text is the word."""

    start: int
    end: int
    tag: str
    score: float
    text: str
    level: NotRequired[str]
    """Where the model finds nested entities: `outer`, `inner` ..."""


@dataclass(frozen=True)
class TaggedText:
    """A text with its words and their tags, all parallel."""

    text: str
    spans: Sequence[Offsets]
    tags: list[str]
    scores: list[float]
    levels: dict[str, "TaggedText"] = field(default_factory=dict)
    """Level of nested entities -> the text with its tags; the text itself then has none"""
    proposals: list[Segment] = field(default_factory=list)
    """What may be an entity where the tags mark none, if an operating point asks for it"""

    @property
    def least_score(self) -> float | None:
        """The score of its least sure word; None if it has no words. Texts with low ones are worth a look first."""
        return min(self.scores, default=None)


@dataclass(frozen=True)
class Predictor:
    """Finds entities in texts, or tags their words: `Predictor.from_pretrained("ner-model")("Anna left Paris.")`.

    Threads may share one: a call changes nothing in it. Inside of asyncio, await `async_call`. Callers that have one
    text each don't share batches; `token_classification serve` has a queue for that.
    """

    engine: Engine
    thresholds: Thresholds
    words: WordRule
    calibration: Calibration = UNCALIBRATED
    proposed: Thresholds = field(default_factory=dict)
    """Label -> lowest score of entities that are proposed below the winning tags; of other labels none are"""

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path,
        backend: str = "auto",
        *,
        threshold: float | Mapping[str, float] | None = None,
        operating_point: str | None = None,
        words: WordRule = "punctuation",
        token_budget: int | None = None,
        max_seq_length: int | None = None,
        decoder: Decoder | None = None,
        streams: int | None = 1,
    ) -> Self:
        """Open a model: a folder that was trained or exported, or a name on the Hub.

        Args:
            model: The folder or name.
            backend: One of `engine.BACKENDS`; `auto`: what the model was exported for, else torch (float32).
            threshold: Lowest score of an entity, or label -> lowest score; from 0 to 1. None: 0.
            operating_point: Name of thresholds that `calibrate` has found, in place of `threshold`.
            words: How words are found in raw text, see `find_words`.
            token_budget: Padded positions per batch; None: by the device.
            max_seq_length: Longest input in positions, by default what the model was trained with, else what it can
                take; longer texts are read in overlapping windows.
            decoder: As `--decoder` of `run_ner.py`; by default what the model was trained with; argmax if that is
                unknown.
            streams: How many batches an OpenVINO model runs at the same time, each with its share of the cores: lists
                and files take less time, and a single text more. None: one per core.

        Raises:
            UserError: no such model or backend, or a setting that is not accepted.
        """
        if words not in get_args(WordRule):
            raise UserError(f"words={words}: accepted are {', '.join(get_args(WordRule))}.")
        engine = open_engine(
            model, backend, token_budget=token_budget, max_seq_length=max_seq_length, decoder=decoder, streams=streams
        )
        calibration = open_calibration(Path(model), engine.backend, engine.decoder_name)
        if operating_point is not None:
            if threshold is not None:
                raise UserError(f"threshold and operating_point {operating_point}: accepted is one of them.")
            point = find_operating_point(str(model), calibration, operating_point)
            return cls(engine, {}, words, calibration or UNCALIBRATED).move_to(point)
        thresholds = read_thresholds(0.0 if threshold is None else threshold, engine.labels)
        return cls(engine, thresholds, words, calibration or UNCALIBRATED)

    def move_to(self, point: OperatingPoint) -> Self:
        """Return the same with the thresholds of an operating point.

        Raises:
            UserError: they are of labels that the model doesn't have.
        """
        labels = self.engine.labels
        return replace(
            self,
            thresholds=read_thresholds(point.thresholds, labels),
            proposed=read_thresholds(point.proposals, labels),
        )

    def set_threshold(self, threshold: float | Mapping[str, float]) -> Self:
        """Return the same with another threshold; it then proposes nothing below the winning tags.

        Raises:
            UserError: it is no probability, or that of a label that the model doesn't have.
        """
        return replace(self, thresholds=read_thresholds(threshold, self.engine.labels), proposed={})

    @cached_property
    def proposer(self) -> Proposer | None:
        """What proposes entities below the winning tags; None if that is not asked for.

        Raises:
            UserError: the model finds nested entities, for which there is no calibration.
        """
        if not self.proposed:
            return None
        return build_proposer(self.engine.label_set, self.proposed, self.calibration.proposals)

    def __call__(
        self, texts: TextOrWords | Iterable[TextOrWords], doc_ids: Sequence[str | None] | None = None
    ) -> list[TextEntity] | list[list[TextEntity]] | Iterator[list[TextEntity]]:
        """Find the entities of a text (a list of them), of a list of texts (a list of lists), or of an iterator.

        An iterator is read in chunks, and its results come in the same order, each chunk only when it is asked for. A
        text may have any length, and may be a list of words.

        Args:
            texts: What to read.
            doc_ids: Of each text of a list the name of its document: neighbours in it are read with it by models that
                were trained with `--context sentences`, and change nothing for others. None: it is one by itself.

        Raises:
            TypeError: something is neither a text nor a list of words; raised at once, except inside an iterator.
            ValueError: `doc_ids` without a list of texts of this length.
        """
        return _answer_in_kind(self._put_in_context(texts, doc_ids), self._find_in_chunk)

    async def async_call(
        self, texts: TextOrWords | Sequence[TextOrWords]
    ) -> list[TextEntity] | list[list[TextEntity]]:
        """Find the entities of a text or of a list of texts in another thread, so that the event loop goes on.

        Raises:
            TypeError: it is neither. An iterator would be read later, in the event loop.
        """
        if not isinstance(texts, Sequence):
            raise TypeError(f"{type(texts).__name__} {texts!r:.60}: accepted is a text (str), or a list of texts")
        found = await asyncio.to_thread(self, texts)
        return cast(list[TextEntity] | list[list[TextEntity]], found)

    def tag(
        self, texts: TextOrWords | Iterable[TextOrWords], doc_ids: Sequence[str | None] | None = None
    ) -> list[TextTag] | list[list[TextTag]] | Iterator[list[TextTag]]:
        """Tag the words of a text, of a list of texts or of an iterator; see `__call__`."""
        return _answer_in_kind(self._put_in_context(texts, doc_ids), self._tag_chunk)

    def describe_settings(self) -> dict[str, str]:
        """Describe, as text, everything beside the files of the model on which the answers depend."""
        settings = {
            "backend": self.engine.backend,
            "max_seq_length": str(self.engine.aligner.window_length),
            "decoder": self.engine.decoder_name,
            "threshold": json.dumps(self.thresholds, sort_keys=True),
            "words": self.words,
        }
        if self.calibration is not UNCALIBRATED:
            settings["calibration"] = self.calibration.digest
        if self.proposed:
            settings["proposed"] = json.dumps(self.proposed, sort_keys=True)
        return settings

    def display(self, text: TextOrWords) -> MarkedText:
        """Mark the entities of a text: a notebook shows the result in colours, `print` in brackets."""
        [tagged] = self.tag_texts([text])
        return MarkedText(tagged.text, self.find_entities(tagged), list_entity_labels(self.engine.label_set))

    def tag_texts(self, texts: Sequence[Taggable]) -> list[TaggedText]:
        """Tag the words of some texts at once."""
        placed = [place_words(text, self.words) for text in texts]
        rows = list_rows(texts, [words for _, _, words in placed])
        tagged = {}
        for level, found in self.engine.tag_levels(rows, keeps_all=self.proposer is not None).items():
            proposals = self.propose(found.tags, found.log_probabilities)
            tagged[level] = [
                TaggedText(text, spans, tags, scores, proposals=proposed)
                for (text, spans, _), tags, scores, proposed in zip(
                    placed, found.tags, found.scores, proposals, strict=True
                )
            ]
        if not isinstance(self.engine.labels, LabelLevels):
            [texts_of_level] = tagged.values()
            return texts_of_level
        return [
            TaggedText(rows[0].text, rows[0].spans, [], [], dict(zip(tagged, rows, strict=True)))
            for rows in zip(*tagged.values(), strict=True)
        ]

    def propose(self, tags: Tags, log_probabilities: np.ndarray | None) -> list[list[Segment]]:
        """Propose entities where the tags of texts mark none; nothing if that is not asked for.

        Args:
            tags: Those of each text.
            log_probabilities: Those of all labels, float32 (words, labels), text after text; None: there are none.
        """
        if self.proposer is None or log_probabilities is None:
            return [[] for _ in tags]
        return self.proposer.propose(tags, log_probabilities, np.cumsum([0, *map(len, tags)]))

    def find_entities(self, tagged: TaggedText) -> list[TextEntity]:
        """Find the entities that the tags of a text mark or that are proposed, without those below the thresholds.

        Of nested entities, which are named with their level, the outermost comes first.
        """
        if tagged.levels:
            nested: list[TextEntity] = [
                {**entity, "level": level}
                for level, row in tagged.levels.items()
                for entity in self.find_entities(row)
            ]
            return sorted(nested, key=lambda entity: (entity["start"], -entity["end"]))
        entities = list_entities(
            tagged.text,
            tagged.spans,
            tagged.tags,
            tagged.scores,
            self.engine.labels.scheme,
            self.thresholds,
            self.calibration.entities,
        )
        proposals = list_proposals(
            tagged.text, tagged.spans, tagged.proposals, self.proposed, self.calibration.proposals
        )
        return sorted(entities + proposals, key=lambda entity: entity["start"]) if proposals else entities

    def list_tags(self, tagged: TaggedText) -> list[TextTag]:
        """List the words of a tagged text with their tags; with several levels, all words of each."""
        if tagged.levels:
            return [{**tag, "level": level} for level, row in tagged.levels.items() for tag in self.list_tags(row)]
        score_map = self.calibration.words
        return [
            {"start": start, "end": end, "tag": tag, "score": score_map.apply(score), "text": tagged.text[start:end]}
            for (start, end), tag, score in zip(tagged.spans, tagged.tags, tagged.scores, strict=True)
        ]

    def _put_in_context(
        self, texts: TextOrWords | Iterable[TextOrWords], doc_ids: Sequence[str | None] | None
    ) -> TextOrWords | Iterable[Taggable]:
        """Give each text of a list what stands around it in its document.

        Raises:
            ValueError: there is no list of texts, or one of another length.
        """
        if doc_ids is None:
            return texts
        if isinstance(texts, str) or not isinstance(texts, Sequence) or len(texts) != len(doc_ids):
            raise ValueError("doc_ids: accepted are as many names as there are texts in a list")
        size = self.engine.aligner.context
        return put_in_context(texts, doc_ids, self.words, size) if size else texts

    def _find_in_chunk(self, texts: Sequence[Taggable]) -> list[list[TextEntity]]:
        return [self.find_entities(tagged) for tagged in self.tag_texts(texts)]

    def _tag_chunk(self, texts: Sequence[Taggable]) -> list[list[TextTag]]:
        return [self.list_tags(tagged) for tagged in self.tag_texts(texts)]


def cut_into_chunks(items: Iterable[Item], count_characters: Callable[[Item], int]) -> Iterator[list[Item]]:
    """Cut a stream of texts by number and size; where it is cut depends only on the texts."""
    chunk, characters = [], 0
    for item in items:
        chunk.append(item)
        characters += count_characters(item)
        if len(chunk) == TEXTS_PER_CHUNK or characters >= CHARACTERS_PER_CHUNK:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _answer_in_kind(
    texts: TextOrWords | Iterable[Taggable], answer_chunk: Callable[[list[Taggable]], list[Answer]]
) -> Answer | list[Answer] | Iterator[Answer]:
    """Return one answer for a text, a list for what has a length, else an iterator."""
    if isinstance(texts, str):
        return answer_chunk([texts])[0]
    # Checked now, not when an iterator is read. The keys of a mapping are hardly texts, and a set has no order.
    if isinstance(texts, bytes | bytearray | Mapping | Set) or not isinstance(texts, Iterable):
        raise TypeError(
            f"{type(texts).__name__} {texts!r:.60}: accepted is a text (str), a list or an iterator of texts; "
            "each text of a list or iterator may be a list of words (list of str)"
        )
    answers = (answer for chunk in cut_into_chunks(texts, count_characters) for answer in answer_chunk(chunk))
    return list(answers) if isinstance(texts, Sized) else answers
