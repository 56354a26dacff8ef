"""Which data a run reads.

Names, meanings and defaults are those of the upstream token-classification script; what this project adds stands last.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from token_classification.arguments.values import find_wrong_values
from token_classification.errors import UserError


@dataclass
class DataArguments:
    """Which data to train on, evaluate and tag."""

    task_name: str = field(
        default="ner",
        metadata={
            "metavar": "NAME",
            "help": "The task, such as ner, pos or chunk. Tags are looked for in the column `{task_name}_tags`.",
        },
    )
    dataset_name: str | None = field(
        default=None, metadata={"metavar": "NAME", "help": "Data set to use: a name on the Hub, or a local folder."}
    )
    dataset_config_name: str | None = field(
        default=None,
        metadata={"metavar": "NAME", "help": "Configuration of the data set, if it has more than one."},
    )
    train_file: str | None = field(
        default=None,
        metadata={
            "metavar": "FILE",
            "help": "Data to train on: CoNLL, CoNLL-U, JSON, JSON lines, CSV or Parquet, recognised by content.",
        },
    )
    validation_file: str | None = field(default=None, metadata={"metavar": "FILE", "help": "Data to evaluate on."})
    test_file: str | None = field(
        default=None, metadata={"metavar": "FILE", "help": "Data to tag, with or without gold tags."}
    )
    text_column_name: str | None = field(
        default=None,
        metadata={"metavar": "COLUMN", "help": "Column of the words. In CoNLL files a number: 0 first, -1 last."},
    )
    label_column_name: str | None = field(
        default=None,
        metadata={
            "metavar": "COLUMN",
            "help": "Column of the tags. In CoNLL files a number: 0 first, -1 last. Nested entities have a column for "
            "each level, outermost first: 2,3",
        },
    )
    annotator: str | None = field(
        default=None,
        metadata={
            "metavar": "NAME",
            "help": "Whose labels are read from a file of Label Studio, Prodigy or doccano with those of several "
            "annotators; majority: what more than half of them marked.",
        },
    )
    replay_file: str | None = field(
        default=None,
        metadata={
            "metavar": "FILE",
            "help": "A trained model further: old labelled data that is learnt from again beside --train_file, so "
            "that what the model knew is not forgotten.",
        },
    )
    old_test_file: str | None = field(
        default=None,
        metadata={
            "metavar": "FILE",
            "help": "A trained model further: labelled data that it is scored on before and after, type by type.",
        },
    )
    overwrite_cache: bool = field(
        default=False, metadata={"help": "Accepted for old scripts; it does nothing, because nothing is cached."}
    )
    preprocessing_num_workers: int | None = field(
        default=None, metadata={"help": "Accepted for old scripts; it does nothing: the tokenizer uses all cores."}
    )
    max_train_samples: int | None = field(default=None, metadata={"help": "Use only the first N training sentences."})
    max_eval_samples: int | None = field(default=None, metadata={"help": "Use only the first N validation sentences."})
    max_predict_samples: int | None = field(default=None, metadata={"help": "Use only the first N test sentences."})
    labels: str | None = field(
        default=None,
        metadata={"metavar": "FILE", "help": "File of label names, one per line. Their order is kept."},
    )
    data_dir: str | None = field(
        default=None,
        metadata={"metavar": "FOLDER", "help": "Folder with train.txt, dev.txt and test.txt (whichever exist)."},
    )
    task_type: Literal["NER", "Chunk", "POS"] | None = field(
        default=None,
        metadata={
            "help": "The task as the old script names it: NER (tags in the last column), Chunk (tags in the last but "
            "one) or POS (CoNLL-U)."
        },
    )
    validation_split: float | None = field(
        default=None,
        metadata={"help": "If there is no validation data: hold out this share of the training sentences, e.g. 0.1."},
    )
    check_only: bool = field(
        default=False,
        metadata={
            "help": "Check the data, report problems with file and line, and stop. Exit code 0: no problems, 1: "
            "warnings, 2: errors."
        },
    )

    def __post_init__(self) -> None:
        self.task_name = self.task_name.lower()
        problems = []
        if self.task_type:
            self.task_name = self.task_type.lower()
        if self.task_type == "Chunk" and self.label_column_name is None:
            self.label_column_name = "-2"
        if self.data_dir:
            problems += self._find_files(Path(self.data_dir))
        if not (self.dataset_name or self.train_file or self.validation_file or self.test_file):
            problems.append(
                "No data: give --dataset_name NAME, or --train_file, --validation_file and --test_file "
                "(those that the run needs), or --data_dir FOLDER."
            )
        if self.dataset_name and (self.train_file or self.validation_file or self.test_file):
            problems.append("Both --dataset_name and data files are given: please give only one of them.")
        problems += find_wrong_values(self)
        if problems:
            raise UserError("\n".join(problems))

    def _find_files(self, folder: Path) -> list[str]:
        """Take the files of an old-style data folder unless others are named; return what is wrong with the folder."""
        found = [name for name in ("train", "dev", "test") if (folder / f"{name}.txt").is_file()]
        if not found:
            return [
                f"--data_dir {folder}: accepted is a folder with train.txt, dev.txt and test.txt, or some of them."
            ]
        for name, argument in (("train", "train_file"), ("dev", "validation_file"), ("test", "test_file")):
            if name in found and getattr(self, argument) is None:
                setattr(self, argument, str(folder / f"{name}.txt"))
        return []
