"""Two sentences as rows of any layout."""

from pathlib import Path

from token_classification.data.formats import read_sentences
from token_classification.data.sentences import Sentences

WORDS, TAGS, POS = [["Ann", "Lee", "ran"], ["Bob"]], [["B-PER", "I-PER", "O"], ["B-PER"]], [["N", "N", "V"], ["N"]]


def write(folder: Path, text: str, name: str = "a.conll") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str, *columns: str | None, task: str = "ner", name: str = "a.conll") -> Sentences:
    """Write a file and read it."""
    return read_sentences(write(folder, text, name), *columns, task=task)


def write_rows(row: str, separator: str = "\t", first: int = 1) -> str:
    """Return the rows of the two sentences; in `row`, blanks stand for the separator."""
    return "\n".join(
        "".join(
            row.format(id=number, word=word, pos=pos, tag=tag).replace(" ", separator) + "\n"
            for number, (word, pos, tag) in enumerate(zip(*sentence, strict=True), first)
        )
        for sentence in zip(WORDS, POS, TAGS, strict=True)
    )
