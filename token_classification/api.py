"""What a notebook or a program calls: the stations of a run behind three names, errors raised as exceptions."""

import html
import logging
import os
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from token_classification.arguments.command_line import list_flags, parse_command_line, spell_flags
from token_classification.arguments.run import RunArguments
from token_classification.data.in_memory import Rows
from token_classification.data.load import Corpus, load_corpus
from token_classification.data.sentences import Sentences
from token_classification.errors import UserError
from token_classification.inference.export_record import read_export_record
from token_classification.inference.predictor import Predictor
from token_classification.nearest_names import did_you_mean
from token_classification.reporting.outputs import choose_report_folder
from token_classification.scoring.evaluate import SplitResults
from token_classification.story import lock_output, score_export, tell, walk

if TYPE_CHECKING:
    from pandas import DataFrame

logger = logging.getLogger(__name__)

Data: TypeAlias = str | os.PathLike[str] | Rows
"""A file in any format that `run_ner.py` reads, a `datasets.Dataset`, a pandas DataFrame, or a list of records"""
LARGEST_PAGE = 10_000_000
"""Characters of a report that is shown inside a notebook, which keeps a copy of it"""


@dataclass(frozen=True)
class Report(os.PathLike[str]):
    """The page of a report: a path for programs, the page itself in a notebook."""

    path: Path

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def _repr_html_(self) -> str:
        """Show the page in a frame of its own: its script reaches nothing of the notebook."""
        page = self.path.read_text(encoding="utf-8")
        if len(page) > LARGEST_PAGE:
            return f"The report is too large for a notebook; open it in a browser: {html.escape(str(self.path))}"
        # Without a base, the links between its parts would lead out of the frame.
        page = page.replace("<head>", '<head><base href="about:srcdoc">', 1)
        return (
            '<iframe title="Evaluation report" sandbox="allow-scripts" '
            f'style="width: 100%; height: 40em; border: 1px solid #888" srcdoc="{html.escape(page)}"></iframe>'
        )


@dataclass(frozen=True)
class ScoredSplit:
    """What a model makes of a split."""

    scores: dict[str, float]
    """Result names as in `eval_results.json`, without prefix (`f1`, `precision`, `words` ...) -> numbers"""
    report: Report | None
    """None where none was written: no gold tags, or no folder to write it to"""
    sentences: Sentences = field(repr=False)
    results: SplitResults = field(repr=False)
    levels: dict[str, "ScoredSplit"] = field(default_factory=dict)
    """Level of nested entities -> what the model makes of it: `.levels["inner"].predictions`"""

    @cached_property
    def predictions(self) -> "DataFrame":
        """A row for each sentence: `tokens`, `tags` where the data has them, `predicted`, and `scores` of these.

        Raises:
            UserError: there are several levels, each with predictions of its own.
        """
        from pandas import DataFrame  # comes with datasets; takes a second to load

        if self.levels:
            level = next(iter(self.levels))
            raise UserError(
                f"predictions of nested entities: each level has its own; accepted are {', '.join(self.levels)}; "
                f"type .levels[{level!r}].predictions"
            )
        ends = np.cumsum([len(tags) for tags in self.results.tags])[:-1]
        columns: dict[str, object] = {"tokens": self.sentences.tokens}
        if self.sentences.tags is not None:
            columns["tags"] = self.sentences.tags
        columns["predicted"] = self.results.tags
        columns["scores"] = [part.tolist() for part in np.split(self.results.scores, ends)]
        return DataFrame(columns)


@dataclass(frozen=True)
class Run:
    """A fine-tuned model with its scores, as `fine_tune` returns it."""

    output_dir: Path
    splits: dict[str, ScoredSplit]
    """`validation` and `test`, those that were scored"""

    @property
    def scores(self) -> dict[str, dict[str, float]]:
        """Split -> its scores: `run.scores["test"]["f1"]`."""
        return {name: split.scores for name, split in self.splits.items()}

    @property
    def report(self) -> Report | None:
        """The report on the test split, else on the validation split; None where there is none."""
        return self.splits[list(self.splits)[-1]].report if self.splits else None

    @property
    def predictions(self) -> "DataFrame":
        """The predictions for the test split, else for the validation split.

        Raises:
            UserError: no split was tagged.
        """
        if not self.splits:
            raise UserError("no split was tagged; give fine_tune validation=... or test=...")
        return self.splits[list(self.splits)[-1]].predictions

    @cached_property
    def predictor(self) -> Predictor:
        """The model, opened for texts."""
        return Predictor.from_pretrained(self.output_dir)


def fine_tune(
    model_name_or_path: str | os.PathLike[str],
    *,
    train: Data | None = None,
    validation: Data | None = None,
    test: Data | None = None,
    output_dir: str | os.PathLike[str],
    **flags: object,
) -> Run:
    """Train a model, score it on the validation and test data that are given, and write both to a folder.

    Scores, files and checks are those of `run_ner.py` with the same data and flags. Logging is left as it is; random
    numbers are seeded (`seed`, 42).

    Args:
        model_name_or_path: Folder of a model, or its name on the Hub.
        train: What to learn from. A row or record holds `tokens`, a list of words, and `tags`.
        validation: What to evaluate on.
        test: What to tag, and to score where it has tags.
        output_dir: Where the model and its files are written.
        **flags: Every flag of `run_ner.py` by its name: `learning_rate=5e-5`, `num_train_epochs=4`, `seed=1` ... With
            `dataset_name`, say the further steps too: `do_eval=True`, `do_predict=True`.

    Raises:
        UserError: a flag that does not exist or fit, or a folder with somebody's files; as `DataError`, something
            wrong in the data, at `file:line` or `train[row]`.
    """
    data = {"train": train, "validation": validation, "test": test}
    settings: dict[str, object] = {
        "model_name_or_path": model_name_or_path,
        "output_dir": output_dir,
        "do_train": True,
    }
    settings |= {"do_eval": validation is not None or bool({"validation_file", "validation_split"} & flags.keys())}
    settings |= {"do_predict": test is not None or "test_file" in flags}
    in_memory = _name_data(data, settings, flags)
    arguments = _read_settings(settings | flags)
    with lock_output(arguments):
        corpus = load_corpus(arguments, in_memory)
        results = tell(arguments, corpus=corpus)
    return Run(Path(output_dir), _describe_splits(arguments, corpus, results))


def evaluate(
    model_name_or_path: str | os.PathLike[str],
    data: Data,
    *,
    output_dir: str | os.PathLike[str] | None = None,
    **flags: object,
) -> ScoredSplit:
    """Score a trained or exported model on data with tags, as `run_ner.py --do_eval` does.

    Args:
        model_name_or_path: Folder of a model, or its name on the Hub.
        data: What to score it on.
        output_dir: Where the report is written; None: nowhere, and there is none.
        **flags: Every flag of `run_ner.py` by its name: `decoder="argmax"`, `max_seq_length=256` ...

    Raises:
        UserError: a flag that does not exist or fit, or no such model; as `DataError`, something wrong in the data, at
            `file:line` or `data[row]`.
    """
    with TemporaryDirectory() if output_dir is None else nullcontext(output_dir) as folder:
        settings: dict[str, object] = {
            "model_name_or_path": model_name_or_path,
            "output_dir": folder,
            "do_eval": True,
            "report": output_dir is not None,
        }
        in_memory = _name_data({"validation": data}, settings, flags, "data")
        arguments = _read_settings(settings | flags)
        with lock_output(arguments):
            corpus = load_corpus(arguments, in_memory)
            is_exported = read_export_record(Path(model_name_or_path)) is not None
            results = (score_export if is_exported else walk)(arguments, corpus=corpus)
    return _describe_splits(arguments, corpus, results)["validation"]


def _name_data(
    data: Mapping[str, Data | None], settings: dict[str, object], flags: Mapping[str, object], called: str = ""
) -> dict[str, Rows]:
    """Put the files of the splits into the settings, and a name in angle brackets for what is in memory.

    Returns:
        The names, and what they stand for.

    Raises:
        UserError: a split is given as data and by the flag for its file.
    """
    in_memory: dict[str, Rows] = {}
    for split, given in data.items():
        flag = f"{split}_file"
        if given is None:
            continue
        if flag in flags:
            raise UserError(f"{called or split} and {flag} are both given; give one of them")
        if isinstance(given, str | os.PathLike):
            settings[flag] = given
        else:
            settings[flag] = f"<{called or split}>"
            in_memory[f"<{called or split}>"] = given
    return in_memory


def _read_settings(settings: Mapping[str, object]) -> RunArguments:
    """Read keywords as the flags of a command line, so that one place checks both.

    Raises:
        UserError: a keyword that is no flag, with the nearest one; or a value that does not fit.
    """
    known = list_flags()
    problems = []
    for name in settings:
        if name not in known:
            hint = did_you_mean(name, known, otherwise="accepted are the flags of run_ner.py")
            problems.append(f"unknown keyword {name}: {hint}")
    if problems:
        raise UserError("\n".join(problems))
    if settings.get("check_only"):
        raise UserError("check_only trains nothing; leave it out, or type: token_classification check FILES")
    argv = spell_flags({name: _spell_value(value) for name, value in settings.items()})
    arguments, notices = parse_command_line(argv)
    for notice in notices:
        logger.warning(notice)
    return replace(arguments, command_line=("run_ner.py", *argv))


def _spell_value(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _describe_splits(
    arguments: RunArguments, corpus: Corpus, results: Mapping[str, SplitResults]
) -> dict[str, ScoredSplit]:
    folder = Path(str(arguments.training.output_dir))
    described = _describe_level(folder, arguments, corpus, results)
    for level in dict.fromkeys(level for outcome in results.values() for level in outcome.levels):
        own = {split: outcome.levels[level] for split, outcome in results.items()}
        rows = corpus.levels.get(level, corpus)
        for split, scored in _describe_level(folder / level, arguments, rows, own).items():
            described[split].levels[level] = scored
    return described


def _describe_level(
    folder: Path, arguments: RunArguments, corpus: Corpus, results: Mapping[str, SplitResults]
) -> dict[str, ScoredSplit]:
    reported = [split for split in results if corpus.splits[split].tags is not None and arguments.report.report]
    reports = {split: Report(choose_report_folder(folder, split, reported) / "report.html") for split in reported}
    return {
        split: ScoredSplit(dict(outcome.metrics), reports.get(split), corpus.splits[split], outcome)
        for split, outcome in results.items()
    }
