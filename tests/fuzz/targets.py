"""What takes bytes from strangers, as fuzz targets: a value or a UserError, whatever the bytes.

The suite gives each some hundred inputs that hypothesis draws (`test_targets.py`; the readers have their own in
`tests/data/test_fuzz_readers.py`). For longer runs: `run_atheris.py`.
"""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hostile_files import NAMES, read_with

from token_classification.data.schemes import recognise_scheme
from token_classification.data.words_of_text import find_words
from token_classification.errors import UserError
from token_classification.inference.export_record import EXPORT_FILE, read_export_record
from token_classification.reporting.compare import read_run
from token_classification.reporting.evaluation import LabelledSplit, analyse_split
from token_classification.reporting.evaluation_report import write_evaluation_report
from token_classification.tao.spec import load_spec


def read_data(reader: str, content: bytes, folder: Path) -> None:
    """Read a data file."""
    path = folder / "a.txt"
    path.write_bytes(content)
    read_with(reader, path)


def read_spec(content: bytes, folder: Path) -> None:
    """Read a spec of `train`."""
    path = folder / "spec.yaml"
    path.write_bytes(content)
    load_spec("train", str(path), [], [])


def read_record(content: bytes, folder: Path) -> None:
    """Read what an exported folder says about itself."""
    (folder / EXPORT_FILE).write_bytes(content)
    read_export_record(folder)


def split_text(content: bytes, folder: Path) -> None:
    """Find the words of a text; they are in order, apart, and none holds a blank."""
    text = content.decode("utf-8", "surrogateescape")
    end = 0
    for start, after in find_words(text):
        assert end <= start < after
        assert not any(map(str.isspace, text[start:after]))
        end = after


def write_report(content: bytes, folder: Path) -> None:
    """Write the report of a prediction file."""
    path = folder / "predictions.conll"
    path.write_bytes(content)
    run = read_run(str(path))
    scheme = recognise_scheme(run.sentences.tags, {tag for tags in run.predicted for tag in tags})
    split = LabelledSplit("predictions", str(path), run.sentences, run.predicted, scheme)
    write_evaluation_report(folder / "report", analyse_split(split))


TARGETS: dict[str, Callable[[bytes, Path], None]] = {
    **{name: partial(read_data, name) for name in NAMES},
    "spec": read_spec,
    "export_record": read_record,
    "words": split_text,
    "report": write_report,
}


def feed(name: str, content: bytes) -> bool:
    """Give a target its bytes; gives whether it took them, and did not refuse them with a message."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            TARGETS[name](content, Path(folder))
        except UserError:
            return False
    return True
