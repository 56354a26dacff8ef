"""The file under audit, read as the data doctor reads it, and refused where it can't be audited."""

import hashlib
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from token_classification.checking.files import CheckedFile, ColumnChoice, number_files, read_files
from token_classification.data.inputs import read_and_describe
from token_classification.data.schemes import OUTSIDE, Scheme, order_tags, recognise_scheme
from token_classification.data.sentences import Sentences
from token_classification.errors import DataError, list_problems
from token_classification.output_text import quote_path


@dataclass(frozen=True)
class LabelledFile:
    """A file under audit."""

    checked: CheckedFile
    scheme: Scheme
    sha256: str

    @property
    def source(self) -> str:
        """What messages call the file."""
        return str(self.checked.path)

    @property
    def sentences(self) -> Sentences:
        """Its sentences, which have tags."""
        return self.checked.sentences

    @property
    def labels(self) -> list[str]:
        """All tags of the file, `O` first: the labels of the models of all folds."""
        return order_tags(chain([OUTSIDE], chain.from_iterable(self.sentences.gold)))


def read_labelled_file(path: Path, columns: ColumnChoice) -> LabelledFile:
    """Read a file with labels.

    Raises:
        DataError: it is missing, has no labels, or parts of it can't be read.
    """
    [reading], files = read_and_describe(partial(read_files, [path], columns))
    if reading.problems:
        problems = list_problems([str(problem) for problem in reading.problems])
        raise DataError(
            f"{problems}\nFirst correct the file: token_classification check {quote_path(path)} --repair FOLDER"
        )
    tags = reading.sentences.tags
    if tags is None or not any(tag != OUTSIDE for row in tags for tag in row):
        found = "no tags" if tags is None else "no labels but O"
        raise DataError(
            f"{path}: {found}; accepted: a labelled file; give another one, or name the column of the tags with "
            "--label_column_name"
        )
    checksums = "".join(file.sha256 for file in files)
    sha256 = files[0].sha256 if len(files) == 1 else hashlib.sha256(checksums.encode()).hexdigest()
    return LabelledFile(number_files([reading]).files[0], recognise_scheme(tags, task=columns.task), sha256)
