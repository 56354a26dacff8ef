"""NeMo's pair of files: `text_train.txt` with one sentence per line, `labels_train.txt` with one label per word."""

import re
from collections.abc import Sequence
from pathlib import Path

from token_classification.data.problems import BrokenFileError, Kind, Problem
from token_classification.data.sentences import Sentences, select_sentences
from token_classification.data.text_lines import read_lines
from token_classification.data.whole_files import refuse_interrupted_set
from token_classification.errors import DataError, UserError
from token_classification.output_text import quote_path

PAIR = "The pair of files: a text file with one sentence per line, and a labels file with one label per word."
UNWRITABLE = re.compile(r"[ \t\n]|\r\Z|\A\Z")
"""What would not be read back as one word; a carriage return ends a word only if nothing follows it in its line."""


def read_text_and_labels(text_path: Path, labels_path: Path | None, num_samples: int = -1) -> Sentences:
    """Return the sentences of a pair of files; only ASCII blanks and TABs separate words, an empty line has none.

    The whole pair is checked, and then the first `num_samples` sentences are given (-1: all). Without `labels_path`
    the sentences have no tags.

    Raises:
        DataError: it lists every line with another number of words than labels.
        UserError: `num_samples` is no number of sentences.
    """
    if text_path.suffix != ".txt":
        raise DataError(
            f"{text_path}: the name of a text file must end in .txt (found {text_path.name!r}); accepted: *.txt; "
            f"type e.g.: mv {quote_path(text_path)} {quote_path(f'{text_path}.txt')}"
        )
    refuse_interrupted_set(text_path.parent)
    paths = [text_path] if labels_path is None else [text_path, labels_path]
    tokens, *tags = _read_columns(paths)
    if labels_path is not None:
        _check_counts(tokens, tags[0], text_path, labels_path)
    sentences = Sentences(tokens, tags[0] if tags else None, lines=list(range(1, len(tokens) + 1)))
    return take_first(sentences, num_samples)


def find_labels_file(path: Path) -> Path | None:
    """`labels_train.txt` for `text_train.txt` (NeMo's pair), None for any other file."""
    labels = path.with_name(path.name.replace("text", "labels", 1))
    return labels if re.fullmatch(r"text_?.*\.txt", path.name) and labels.is_file() else None


def find_text_file(path: Path) -> Path:
    """Return `text_train.txt` for `labels_train.txt` where both are there, any other file as it is."""
    text = path.with_name(path.name.replace("labels", "text", 1))
    return text if path.name.startswith("labels") and find_labels_file(text) == path else path


def take_first(sentences: Sentences, num_samples: int) -> Sentences:
    """Return the first sentences of a file (-1: all).

    Raises:
        UserError: another number that is none.
    """
    if num_samples < -1 or num_samples == 0:
        raise UserError(f"num_samples={num_samples}: accepted: -1 (all sentences) or 1 and more; type num_samples=-1")
    return sentences if num_samples == -1 else select_sentences(sentences, range(min(num_samples, len(sentences))))


def format_text_and_labels(stem: str, sentences: Sentences) -> dict[str, str]:
    """Return the names and texts of the two files of tagged sentences."""
    return {
        f"text_{stem}.txt": _format_lines(sentences.tokens),
        f"labels_{stem}.txt": _format_lines(sentences.gold),
    }


def find_unwritable(sentences: Sentences, path: Path) -> list[str]:
    """Return a problem, with the line of `path` at which the sentence starts, for each word or tag with a blank."""
    return [
        f"{path}:{line}: {cell!r} can't be written (it would not be read as one word); "
        "accepted: words without blank, TAB and line end; correct the word"
        for line, words, tags in zip(sentences.lines, sentences.tokens, sentences.gold, strict=True)
        for cell in (*words, *tags)
        if UNWRITABLE.search(cell)
    ]


def _format_lines(sentences: list[list[str]]) -> str:
    text = "".join(" ".join(words) + "\n" for words in sentences)
    # A U+FEFF at the start of a word: a reader would take it for a byte order mark unless one precedes it.
    return "\ufeff" + text if text.startswith("\ufeff") else text


def _read_columns(paths: list[Path]) -> list[list[list[str]]]:
    """Return, for each file, the words of each of its lines; what is wrong with either file is reported together."""
    columns, problems = [], []
    for path in paths:
        try:
            lines = read_lines(path)
        except DataError as error:
            problems.append(str(error))
            continue
        if not lines[-1]:
            lines.pop()  # nothing follows the final newline
        columns.append([[word for word in line.replace("\t", " ").split(" ") if word] for line in lines])
    if problems:
        raise DataError("\n".join([*problems, PAIR]))
    return columns


def _check_counts(tokens: list[list[str]], tags: list[list[str]], text_path: Path, labels_path: Path) -> None:
    """Hold the two files against each other.

    Raises:
        BrokenFileError: they differ; it holds the lines that agree.
    """
    pairs = list(enumerate(zip(tokens, tags, strict=False), 1))
    problems = [
        Problem(
            Kind.RAGGED_ROW,
            text_path,
            number,
            f"{_count(words, 'word')} but {_count(labels, 'label')} in {labels_path}:{number}",
        )
        for number, (words, labels) in pairs
        if len(words) != len(labels)
    ]
    if len(tokens) != len(tags):
        shorter = min(len(tokens), len(tags))
        text = f"{_count(tokens, 'line')} in all but {_count(tags, 'line')} in {labels_path}"
        problems.insert(0, Problem(Kind.RAGGED_ROW, text_path, shorter, text))
    if not problems:
        return
    sound = Sentences(tags=[])
    for number, (words, labels) in pairs:
        if len(words) == len(labels):
            sound.tokens.append(words)
            sound.gold.append(labels)
            sound.lines.append(number)
    raise BrokenFileError(
        problems,
        sound,
        advice="\nAccepted: as many lines in both files, and one label per word; words and labels are separated by "
        "blanks. Correct these lines in one of the two files",
    )


def _count(items: Sequence[object], name: str) -> str:
    return f"{len(items):,} {name}" + ("" if len(items) == 1 else "s")
