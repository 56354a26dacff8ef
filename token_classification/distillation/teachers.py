"""What teachers think of words: computed once, kept on disk, and put in the order of another model's labels."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from tqdm.auto import tqdm

from token_classification.data.labels import LabelSet
from token_classification.data.whole_files import write_whole
from token_classification.distillation.teacher_spans import SpanAnswers
from token_classification.errors import OutputError, UserError
from token_classification.hardware import multiplies_bf16
from token_classification.inference.engine import Engine, open_engine
from token_classification.inference.export_record import hash_answering_files, read_export_record

logger = logging.getLogger(__name__)

SENTENCES_PER_PART = 1000
"""Of a file on disk: what a killed run does again at most"""


@dataclass(frozen=True)
class Beliefs:
    """What teachers think of some words, in the order of a label set."""

    probabilities: np.ndarray
    """float16, (words, labels), softened by the temperature"""
    known: np.ndarray
    """bool, (teachers, labels): which of the labels each teacher has"""
    confidences: np.ndarray
    """float32, (words,): the highest probability of each word, not softened, in the mean over the teachers"""
    weights: np.ndarray
    """float32, (words,): how much each word counts; 0 where no teacher has said anything"""
    states: list[np.ndarray] = field(default_factory=list)
    """Of each teacher: float16, (words, width), what its encoder makes of each word; empty unless asked for"""

    @property
    def knows(self) -> np.ndarray:
        """bool, (labels,): which of the labels all teachers have."""
        return np.asarray(self.known.all(axis=0))


def ask_teachers(
    teachers: Sequence[str],
    sentences: Sequence[Sequence[str]],
    labels: LabelSet,
    temperature: float,
    cache: Path,
    *,
    spans: SpanAnswers | None = None,
    with_states: bool = False,
) -> Beliefs:
    """Ask trained models for the probability of every label of each word, and take their mean.

    Args:
        teachers: Models, or names on the Hub.
        sentences: Words of any number of sentences.
        labels: Those that the answers are for; a teacher's are found by their names.
        temperature: Logits are divided by it (Hinton et al., 2015, https://arxiv.org/abs/1503.02531).
        cache: Folder in which the answers are kept, so that a killed run asks for the rest only.
        spans: What files say of the sentences, as one more teacher.
        with_states: Also what their encoders make of each word.

    Raises:
        UserError: no such model, it has a label that is not among `labels`, or its states can't be read.
    """
    known = np.zeros((len(teachers), len(labels.names)), dtype=bool)
    softened = plain = np.zeros((sum(map(len, sentences)), len(labels.names)), dtype=np.float32)
    states: list[np.ndarray] = []
    for number, name in enumerate(teachers):
        engine = _open_teacher(name)
        if with_states and engine.run_with_states is None:
            raise UserError(
                f"--hint_weight with --teacher {name}: an exported model gives no states of its encoder; accepted: "
                "the model that it was exported from; or leave --hint_weight out"
            )
        places = _match_labels(name, engine.label_set, labels)
        known[number, places] = True
        paths = [*_answer(name, engine, sentences, cache, with_states=with_states)]
        beliefs = np.concatenate([_read_part(path) for path, _ in paths]).astype(np.float32)
        if with_states:
            states.append(np.concatenate([_read_part(path) for _, path in paths]))
        softened = softened + _place(_soften(beliefs, 1 / temperature) / len(teachers), places, len(labels.names))
        plain = plain + _place(_soften(beliefs, 1.0) / len(teachers), places, len(labels.names))
    weights = np.full(len(plain), 1.0 if teachers else 0.0, dtype=np.float32)
    if spans is not None:
        said, counts = spans.weigh(sentences, labels)
        total = len(teachers) + counts
        share = (counts / np.where(total, total, 1.0))[:, None]
        softened = _mix(softened, _soften_given(said, 1 / temperature), share)
        plain = _mix(plain, said, share)
        weights = total / np.maximum(len(teachers) + (counts > 0), 1)
        known = np.vstack([known, spans.know(labels)])
    return Beliefs(softened.astype(np.float16), known, plain.max(axis=-1), weights.astype(np.float32), states)


def _place(weights: np.ndarray, places: Sequence[int], size: int) -> np.ndarray:
    """Return columns at other places among more of them, float32 (words, size); the rest is 0."""
    placed = np.zeros((len(weights), size), dtype=np.float32)
    placed[:, places] = weights
    return placed


def _open_teacher(name: str) -> Engine:
    """Open a teacher in bf16 where that is fast and it has not been exported: what is rounded away teaches nothing.

    Raises:
        UserError: no such model.
    """
    if read_export_record(Path(name)) is not None or not multiplies_bf16():
        return open_engine(name)
    engine = open_engine(name, "torch-bf16")
    try:
        engine.weigh_labels([["a"]])
    except OutputError as error:
        logger.warning("--teacher %s runs in float32: %s", name, error)
        return open_engine(name)
    return engine


def _match_labels(name: str, own: LabelSet, labels: LabelSet) -> list[int]:
    """Return where each label of a teacher stands among those of the model.

    Raises:
        UserError: one is not there, or the tags mean something else.
    """
    unknown = [label for label in own.names if label not in labels.ids]
    if unknown:
        raise UserError(
            f"--teacher {name}: it knows {', '.join(unknown)}, which the training data do not have "
            f"({', '.join(labels.names)}); accepted: a teacher of the same labels, or of some of them; name further "
            "labels of the model with --labels, or train the teacher on these tags"
        )
    if own.scheme != labels.scheme:
        raise UserError(
            f"--teacher {name}: its tags are {own.scheme}, those of the training data {labels.scheme}; accepted: one "
            "scheme for both; token_classification check FILE --repair converts a file to another one (docs/check.md)"
        )
    return [labels.ids[label] for label in own.names]


def _answer(
    name: str, engine: Engine, sentences: Sequence[Sequence[str]], cache: Path, *, with_states: bool
) -> Iterator[tuple[Path, Path]]:
    """Yield the files with a teacher's answers, part by part: log probabilities of its labels, and its states."""
    cache.mkdir(parents=True, exist_ok=True)
    model = hash_answering_files(Path(name)) if Path(name).is_dir() else name
    starts = range(0, len(sentences), SENTENCES_PER_PART)
    for start in tqdm(starts, desc="Teacher", unit=" parts", disable=None):
        part = [[*words] for words in sentences[start : start + SENTENCES_PER_PART]]
        digest = hashlib.sha256("\x1e".join([model, engine.backend]).encode())
        for words in part:
            digest.update("\x1f".join([*words, ""]).encode("utf-8", "surrogatepass"))
        path = cache / f"{digest.hexdigest()[:32]}.arrow"
        states = path.with_suffix(".states.arrow")
        if not path.exists() or (with_states and not states.exists()):
            answer = engine.weigh_labels(part, with_states=with_states)
            if with_states:
                _write_part(states, np.concatenate(answer.states))
            _write_part(path, np.concatenate(answer.log_probabilities).astype(np.float16))
        yield path, states


def _write_part(path: Path, rows: np.ndarray) -> None:
    column = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])
    batch = pa.record_batch([column], names=["rows"])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    write_whole(path, sink.getvalue().to_pybytes())


def _read_part(path: Path) -> np.ndarray:
    """Return what `_write_part` wrote, float16 (words, columns)."""
    with pa.memory_map(str(path)) as source:
        column = pa.ipc.open_file(source).read_all().column(0).combine_chunks()
        return np.array(column.flatten()).reshape(-1, column.type.list_size)


def _soften(log_probabilities: np.ndarray, power: float) -> np.ndarray:
    """Return the softmax of logits times a power: of log probabilities it is the same as of the logits."""
    scaled = log_probabilities * power
    weights = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    softened: np.ndarray = weights / weights.sum(axis=-1, keepdims=True)
    return softened


def _mix(models: np.ndarray, files: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the weighted mean of what models and files say; `share` is that of the files."""
    mixed: np.ndarray = models + (files - models) * share
    return mixed


def _soften_given(probabilities: np.ndarray, power: float) -> np.ndarray:
    """Return powers of probabilities that add up to 1 again; rows of zeros stay."""
    weights = probabilities**power
    total = weights.sum(axis=-1, keepdims=True)
    softened: np.ndarray = weights / np.where(total, total, 1.0)
    return softened
