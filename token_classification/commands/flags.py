"""Flags built from the fields of a dataclass: what a command accepts is declared once, with its help beside it."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from token_classification.data.addresses import as_path
from token_classification.errors import UserError

Options = TypeVar("Options")

ANNOTATOR_HELP = (
    "of a file with the labels of several annotators (Label Studio, Prodigy, doccano): whose are read; majority: what "
    "more than half of them marked"
)
INPUT_HELP = (
    "File of texts, of any size: a text per line, or any format that training reads; may be gzipped, or an address "
    "(s3://, gs://, hf://datasets/, https:// ...). -: stdin. Also folders of brat and WebAnno"
)
BOOLEANS = {"true": True, "false": False}


def flag(
    help_text: str,
    *short: str,
    group: str,
    default: object = MISSING,
    metavar: str | None = None,
    parse: Callable[[str], Any] | None = None,
) -> Any:  # noqa: ANN401 - it stands for a value of the field's type
    """Declare a field of a dataclass that becomes the flag `--NAME`; without a default it must be typed.

    Args:
        help_text: What it means.
        short: Further names, such as `-m`.
        group: Its heading in the help.
        default: Its value if it isn't typed.
        metavar: The placeholder for the value in the help.
        parse: What reads the value; None: the type of the field.
    """
    metadata = {"help": help_text, "short": short, "group": group, "metavar": metavar, "parse": parse}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class BulkChoice:
    """How files of texts are read, and where the results go: the same for `infer` and `redact`."""

    input_format: str | None = flag(
        "Format of the file, if its content does not tell: text, jsonl, csv, parquet, conll, conllu, ontonotes, "
        "piped, text_and_labels, label_studio, brat, webanno, spacy, spacy_json or inline_xml.",
        group="input",
        default=None,
        metavar="NAME",
    )
    text_column_name: str | None = flag(
        "Column or key of the texts. Default: text, tokens or words.", group="input", default=None, metavar="NAME"
    )
    results_dir: Path | None = flag(
        "Folder of the results; texts on the command line need none.",
        "-r",
        group="output",
        default=None,
        metavar="DIR",
        parse=as_path,
    )
    resume: bool = flag("Continue a killed run on --input_file.", group="output", default=False)
    num_workers: int = flag(
        "Processes that tag --input_file, each with the model and its share of the cores, or a GPU. The results are "
        "the same.",
        group="output",
        default=1,
        metavar="N",
    )
    engine: Literal["local", "ray"] = flag(
        "Where the processes run: on this machine, or on a Ray cluster, on each machine of which this package and the "
        "model are installed at the same place.",
        group="output",
        default="local",
    )
    ray_address: str | None = flag(
        "HOST:PORT of the Ray cluster. Default: the one that this machine belongs to (auto).",
        group="output",
        default=None,
        metavar="ADDRESS",
    )

    @property
    def cluster(self) -> str | None:
        """The address of the cluster that tags; None: this machine does."""
        return (self.ray_address or "auto") if self.engine == "ray" else None

    def __post_init__(self) -> None:
        if self.num_workers < 1:
            raise UserError(f"--num_workers {self.num_workers}: accepted is 1 or more.")
        if self.ray_address is not None and self.engine != "ray":
            raise UserError(f"--ray_address {self.ray_address}: only for a Ray cluster; add --engine ray.")


def add_column_flags(parser: argparse.ArgumentParser, words: str = "words", tags: str = "tags") -> None:
    """Declare the flags for the columns of a labelled file: the same for `check`, `audit`, `convert` ...

    Args:
        parser: The command's.
        words: What the help calls that which is labelled.
        tags: What it calls the labels.
    """
    parser.add_argument("--text_column_name", metavar="NAME", help=f"column of the {words} (CoNLL: its number)")
    parser.add_argument("--label_column_name", metavar="NAME", help=f"column of the {tags} (CoNLL: its number)")
    parser.add_argument("--task_name", default="ner", metavar="TASK", help="the tags are in TASK_tags (default: ner)")
    parser.add_argument("--annotator", metavar="NAME", help=ANNOTATOR_HELP)


def add_dataclass_flags(parser: argparse.ArgumentParser, arguments: type) -> None:
    """Declare the flags of a dataclass, in groups; the namespace will hold only those that are typed."""
    hints, groups = get_type_hints(arguments), {}
    for item in fields(arguments):
        if not item.metadata:
            continue
        heading = item.metadata["group"]
        if heading not in groups:
            groups[heading] = parser.add_argument_group(heading)
        is_shown = item.default not in (MISSING, None, False)
        shown = (
            f" (default: {str(item.default).lower() if item.default is True else item.default})" if is_shown else ""
        )
        groups[heading].add_argument(
            *item.metadata["short"],
            f"--{item.name}",
            dest=item.name,
            default=argparse.SUPPRESS,
            help=item.metadata["help"] + shown,
            **_read_kind(hints[item.name], item.default, item.metadata),
        )


def _read_kind(annotation: object, default: object, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with which argparse reads a field of this type."""
    given = [kind for kind in get_args(annotation) if kind is not NoneType]
    kind = given[0] if NoneType in get_args(annotation) else annotation
    if metadata["parse"] is not None:
        return {"type": metadata["parse"], "metavar": metadata["metavar"]}
    if get_origin(kind) is Literal:
        return {"choices": get_args(kind)}
    if get_origin(kind) is Sequence:
        return {"action": "append", "metavar": metadata["metavar"]}
    if kind is bool and default is False:
        return {"action": "store_true"}
    if kind is bool:
        return {"type": read_boolean, "metavar": "true|false"}
    return {"type": kind, "metavar": metadata["metavar"]}


def read_boolean(text: str) -> bool:
    """Read `true` or `false`.

    Raises:
        argparse.ArgumentTypeError: it is neither.
    """
    if text.lower() not in BOOLEANS:
        raise argparse.ArgumentTypeError(f"{text}: accepted are true and false")
    return BOOLEANS[text.lower()]


def list_typed(arguments: type, options: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of a dataclass whose flags were typed, with their values."""
    typed = vars(options)
    return {item.name: typed[item.name] for item in fields(arguments) if item.metadata and item.name in typed}


def build_options(kind: type[Options], namespace: argparse.Namespace, command: str, **more: object) -> Options:
    """Build the options of a command from the flags that were typed.

    Args:
        kind: The dataclass whose fields are the flags.
        namespace: What argparse read.
        command: Whose help a mistake names.
        more: Fields that are no flags.

    Raises:
        UserError: a flag without a default is missing.
    """
    typed = list_typed(kind, namespace)
    check_needed(kind, typed, command)
    return kind(**typed, **more)


def check_needed(arguments: type, typed: dict[str, Any], command: str) -> None:
    """Make sure that every flag without a default was typed.

    Raises:
        UserError: names those that are missing.
    """
    missing = [
        f"{'/'.join([*item.metadata['short'], f'--{item.name}'])} {item.metadata['metavar']} is missing: "
        f"{item.metadata['help']}"
        for item in fields(arguments)
        if item.metadata and item.default is MISSING and item.name not in typed
    ]
    if missing:
        raise UserError("\n".join([*missing, f"Help: token_classification {command} -h"]))
