"""The files under check: what could be read of each, with its words and tags as numbers."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np

from token_classification.checking.layout_mistakes import find_swapped_columns, take_out_header
from token_classification.data.formats import read_sentences
from token_classification.data.formats.recognise import recognise_folder
from token_classification.data.formats.text_and_labels import find_labels_file, find_text_file, read_text_and_labels
from token_classification.data.problems import BrokenFileError, Kind, Problem
from token_classification.data.schemes import OUTSIDE, choose_entity_rule, turn_suffixed
from token_classification.data.sentences import Sentences
from token_classification.data.splits import find_split
from token_classification.data.text_lines import open_bytes
from token_classification.errors import DataError


@dataclass(frozen=True)
class ColumnChoice:
    """The columns, the task and the annotator that the user named."""

    text_column: str | None = None
    label_column: str | None = None
    task: str = "ner"
    annotator: str | None = None


USUAL_COLUMNS = ColumnChoice()


@dataclass(frozen=True)
class CheckedFile:
    """One file: its sentences, what could not be read, and words and tags end to end as numbers."""

    path: Path
    split: str
    """`train`, `validation` or `test`; the file's own name where that tells nothing"""
    sentences: Sentences
    problems: list[Problem]
    """What the reader found"""
    starts: np.ndarray
    """int64, (sentences + 1,): the words of sentence `s` are `starts[s]:starts[s + 1]`"""
    word_ids: np.ndarray
    """int32, (words,): places in `CheckedData.words`"""
    tag_ids: np.ndarray | None
    """int32, (words,): places in `CheckedData.tags`"""

    @property
    def gold_ids(self) -> np.ndarray:
        """The tags of a file that is known to have some."""
        if self.tag_ids is None:
            raise ValueError(f"{self.path} has no tags")
        return self.tag_ids

    def find_word(self, position: int) -> tuple[int, int]:
        """Return the sentence of a word counted through the file, and its place there."""
        row = int(np.searchsorted(self.starts, position, side="right")) - 1
        return row, int(position - self.starts[row])

    def find_line(self, position: int) -> int:
        """Return the line (or record) of a word counted through the file."""
        return self.sentences.find_line(*self.find_word(position))

    def report_word(self, kind: Kind, position: int, text: str) -> Problem:
        """Return a problem with a word counted through the file."""
        row, word = self.find_word(position)
        where = "" if self.sentences.has_line_per_word else f"word {word + 1} of the sentence: "
        return Problem(kind, self.path, self.sentences.find_line(row, word), where + text)

    def report_sentence(self, kind: Kind, row: int, text: str) -> Problem:
        """Return a problem with a sentence."""
        return Problem(kind, self.path, self.sentences.lines[row], text)

    def find_broken_sentences(self) -> set[int]:
        """Return the sentences in which, or right before or behind which, rows could not be read."""
        broken = set()
        if self.sentences.has_line_per_word:
            for problem in self.problems:
                row = bisect_right(self.sentences.lines, problem.line) - 1
                if row >= 0 and problem.line <= self.sentences.find_line(row, len(self.sentences.tokens[row]) - 1) + 1:
                    broken.add(row)
                if row + 1 < len(self.sentences) and self.sentences.lines[row + 1] == problem.line + 1:
                    broken.add(row + 1)
        return broken

    def place(self, row: int) -> str:
        """Return where a sentence stands: `file:line`."""
        return f"{self.path}:{self.sentences.lines[row]}"


@dataclass(frozen=True)
class CheckedData:
    """All files under check."""

    files: list[CheckedFile]
    words: list[str]
    """Distinct words of all files"""
    tags: list[str]
    """Distinct tags of all files; the first is `O`"""

    @property
    def tagged_files(self) -> list[CheckedFile]:
        """The files that have tags."""
        return [file for file in self.files if file.tag_ids is not None]

    @cached_property
    def marks_entity(self) -> Callable[[str], bool]:
        """The rule by which tags of these files mark entities: a prefix and a type, or (most are so) a prefix."""
        return choose_entity_rule(dict(zip(self.tags, self.count_tags(self.files).tolist(), strict=True)))

    @cached_property
    def turned_tags(self) -> dict[str, str]:
        """Tags whose prefix stands after their type -> how they are usually written."""
        counts = self.count_tags(self.files).tolist()
        return turn_suffixed(tag for tag, count in zip(self.tags, counts, strict=True) if count)

    def count_tags(self, files: Iterable[CheckedFile]) -> np.ndarray:
        """Return words of each tag: int64 (tags,)."""
        counts = np.zeros(len(self.tags), dtype=np.int64)
        for file in files:
            if file.tag_ids is not None:
                counts += np.bincount(file.tag_ids, minlength=len(self.tags))
        return counts


@dataclass(frozen=True)
class Reading:
    """What the readers made of one file."""

    path: Path
    split: str
    sentences: Sentences
    problems: list[Problem]


def read_files(paths: Sequence[Path], columns: ColumnChoice = USUAL_COLUMNS) -> list[Reading]:
    """Read files as far as they can be read; the split of each is told from its name, or that of its folder.

    Raises:
        DataError: a file is missing.
    """
    paths = list(dict.fromkeys(map(find_text_file, paths)))
    return [read_file(path, find_split(path), columns) for path in paths]


def read_file(path: Path, split: str, columns: ColumnChoice = USUAL_COLUMNS) -> Reading:
    """Read one file as far as it can be read: broken rows, a header and a file with swapped columns are left out.

    Raises:
        DataError: there is no such file.
    """
    if recognise_folder(path) is None:
        open_bytes(path).close()
    problems = []
    try:
        labels = find_labels_file(path)
        if labels is not None:
            sentences = read_text_and_labels(path, labels)
        else:
            sentences = read_sentences(
                path, columns.text_column, columns.label_column, columns.task, columns.annotator
            )
    except BrokenFileError as error:
        sentences, problems = error.sentences or Sentences(), error.problems
    except DataError as error:
        sentences, problems = Sentences(), [_as_problem(path, error)]
    swapped = find_swapped_columns(sentences, path)
    if swapped is not None:
        return Reading(path, split, Sentences(), [*problems, swapped])
    sentences, header = take_out_header(sentences, path)
    return Reading(path, split, sentences, problems + header)


def number_files(readings: Sequence[Reading]) -> CheckedData:
    """Number the words and tags of all files together."""
    words = list(dict.fromkeys(chain.from_iterable(chain.from_iterable(r.sentences.tokens for r in readings))))
    rows = chain.from_iterable(r.sentences.tags or () for r in readings)
    tags = list(dict.fromkeys(chain([OUTSIDE], chain.from_iterable(rows))))
    word_numbers = {word: number for number, word in enumerate(words)}
    tag_numbers = {tag: number for number, tag in enumerate(tags)}
    files = []
    for reading in readings:
        sentences = reading.sentences
        lengths = np.fromiter(map(len, sentences.tokens), dtype=np.int64, count=len(sentences))
        tag_ids = None if sentences.tags is None else _number(sentences.tags, tag_numbers)
        files.append(
            CheckedFile(
                path=reading.path,
                split=reading.split,
                sentences=sentences,
                problems=reading.problems,
                starts=np.concatenate(([0], np.cumsum(lengths))),
                word_ids=_number(sentences.tokens, word_numbers),
                tag_ids=tag_ids,
            )
        )
    return CheckedData(files, words, tags)


def _number(rows: Sequence[Sequence[str]], numbers: dict[str, int]) -> np.ndarray:
    return np.fromiter(map(numbers.__getitem__, chain.from_iterable(rows)), dtype=np.int32)


def _as_problem(path: Path, error: DataError) -> Problem:
    """Return a whole file's error, whose text opens with `file:line: ` or `file: `."""
    text = str(error).removeprefix(str(path))
    start = re.match(r"(?::(\d+))?:? ?", text)
    line = int(start[1]) if start and start[1] else 1
    return Problem(Kind.UNREADABLE, path, line, text[start.end() :] if start else text)
