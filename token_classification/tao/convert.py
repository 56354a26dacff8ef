"""`dataset_convert`: IOB files become the text, labels and label id files that `train` reads."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from token_classification.data.entities import find_entities
from token_classification.data.formats import read_sentences
from token_classification.data.formats.text_and_labels import find_unwritable, format_text_and_labels
from token_classification.data.scheme_conversion import convert_tags
from token_classification.data.schemes import OUTSIDE, Scheme, recognise_scheme
from token_classification.data.sentences import Sentences
from token_classification.data.whole_files import write_file_set
from token_classification.errors import DataError, UserError, list_problems
from token_classification.tao.label_ids import format_label_ids, order_labels

logger = logging.getLogger(__name__)

LABEL_IDS = "label_ids.csv"
NEEDED_SPLITS = ("train", "dev")
OPTIONAL_SPLITS = ("test",)


@dataclass(frozen=True)
class Conversion:
    """What was written: the files, the labels in the order of their ids, sentences and words per split."""

    files: list[Path]
    labels: list[str]
    sentences: dict[str, int]
    words: dict[str, int]


def convert_folder(source: Path, target: Path, scheme: Scheme | None) -> Conversion:
    """Convert train.txt, dev.txt and, if it exists, test.txt: two files for each, and one label_ids.csv for all.

    Tags stay as they are unless a scheme is given. All files are replaced, or none; the same source gives the same
    bytes each time.

    Raises:
        DataError: something is wrong in the source files; the message lists it all.
        UserError: the target can't be written to.
    """
    optional = [split for split in OPTIONAL_SPLITS if (source / f"{split}.txt").exists()]
    splits = _read_splits({split: source / f"{split}.txt" for split in (*NEEDED_SPLITS, *optional)})
    if scheme is not None:
        _convert_scheme(splits, scheme)
    texts: dict[str, str] = {}
    labels = _collect_labels(splits)
    for split, sentences in splits.items():
        texts |= format_text_and_labels(split, sentences)
    texts[LABEL_IDS] = format_label_ids(labels)
    files = write_file_set(target, texts)
    for split in OPTIONAL_SPLITS:
        if split not in splits and (target / f"text_{split}.txt").exists():
            logger.warning(
                "%s is left from an earlier conversion: %s has no %s.txt", target / f"text_{split}.txt", source, split
            )
    return _describe(files, labels, splits)


def convert_file(data_file: Path, max_length: int, scheme: Scheme | None) -> Conversion:
    """Convert one IOB file to text_{stem}.txt and labels_{stem}.txt beside it.

    Sentences of more than `max_length` words are cut (-1: never). An entity is cut only if it is longer than that,
    with a warning.

    Raises:
        DataError: something is wrong in the file.
        UserError: `max_length` is 0 or below -1, or the folder can't be written to.
    """
    if max_length < -1 or max_length == 0:
        raise UserError(f"--max_length {max_length}: accepted: -1 (never cut), or 1 or more; type --max_length 128")
    splits = _read_splits({data_file.stem: data_file})
    if max_length != -1:
        splits[data_file.stem] = cut_long_sentences(splits[data_file.stem], max_length, data_file)
    if scheme is not None:
        # After the cut, so that the rest of a cut entity begins as the scheme requires.
        _convert_scheme(splits, scheme)
    files = write_file_set(data_file.parent, format_text_and_labels(data_file.stem, splits[data_file.stem]))
    return _describe(files, _collect_labels(splits), splits)


def cut_long_sentences(sentences: Sentences, max_length: int, path: Path) -> Sentences:
    """Cut sentences into ones of at most `max_length` words; `path` is for the warning."""
    cut_tags: list[list[str]] = []
    cut = Sentences(tags=cut_tags)
    entities_cut = 0
    for words, tags, line in zip(sentences.tokens, sentences.gold, sentences.lines, strict=True):
        pieces = list(_place_cuts(tags, max_length))
        for start, end in pieces:
            cut.tokens.append(words[start:end])
            cut_tags.append(tags[start:end])
            cut.lines.append(line)
        ends = {end for _, end in pieces}
        entities_cut += sum(any(e.start < end < e.end for end in ends) for e in find_entities(tags))
    if entities_cut:
        logger.warning("%s: %s entities longer than %s words were cut", path, f"{entities_cut:,}", max_length)
    return cut


def _place_cuts(tags: Sequence[str], max_length: int) -> Iterator[tuple[int, int]]:
    """Iterate over start and end of each piece: up to the last O within reach, else between entities, else full."""
    boundaries = {entity.start for entity in find_entities(tags)}
    start = 0
    while len(tags) - start > max_length:
        reach = range(start + max_length, start, -1)
        end = next((end for end in reach if tags[end - 1] == OUTSIDE), None)
        end = end or next((end for end in reach if end in boundaries), start + max_length)
        yield start, end
        start = end
    yield start, len(tags)


def _read_splits(files: dict[str, Path]) -> dict[str, Sentences]:
    """Read the files of all splits; the problems of all of them are reported together."""
    splits, problems = {}, []
    for split, path in files.items():
        try:
            splits[split] = read_sentences(path)
        except DataError as error:
            problems.append(str(error))
            continue
        if splits[split].tags is None:
            problems.append(f"{path}:1: no tags (one column); accepted: a word and its tag per line; add the tags")
        else:
            problems += find_unwritable(splits[split], path)
    if problems:
        raise DataError(list_problems(problems))
    return splits


def _convert_scheme(splits: dict[str, Sentences], target: Scheme) -> None:
    """Convert the tags of all splits in place, from the scheme that all of them together have."""
    source = recognise_scheme(tags for sentences in splits.values() for tags in sentences.gold)
    for sentences in splits.values():
        sentences.tags = [convert_tags(tags, source, target) for tags in sentences.gold]


def _collect_labels(splits: dict[str, Sentences]) -> list[str]:
    return order_labels(tag for sentences in splits.values() for tags in sentences.gold for tag in tags)


def _describe(files: list[Path], labels: list[str], splits: dict[str, Sentences]) -> Conversion:
    return Conversion(
        files=files,
        labels=labels,
        sentences={split: len(sentences) for split, sentences in splits.items()},
        words={split: sum(map(len, sentences.tokens)) for split, sentences in splits.items()},
    )
