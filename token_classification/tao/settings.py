"""Reads settings: the leaves of a YAML file, `key=value` on the command line, and flags."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from token_classification.data.text_lines import decode_text
from token_classification.errors import UserError, list_problems
from token_classification.tao.schema import FREE_MAPPINGS, OPEN

COMMAND_LINE = "command line"
TEXT_TAG = "tag:yaml.org,2002:str"
NULL_TAG = "tag:yaml.org,2002:null"
MERGE_TAG = "tag:yaml.org,2002:merge"

LARGEST_FILE = 2**18
"""Bytes of a spec; one of this size takes some seconds to read"""
DEEPEST = 20
"""Levels of nested mappings and lists"""
MOST_REPEATED = 1_000
"""How many values aliases (`*name`) may stand for, so that ten lines can't become a billion values"""
SHOWN_ITEMS, SHOWN_CHARACTERS = 4, 80
"""How much of a value a message shows"""


@dataclass(frozen=True)
class Setting:
    """A key with its value, and where it was given."""

    key: str
    node: yaml.Node
    place: str
    is_text: bool = False
    """Whether the value is still a text: the schema decides its type"""
    is_removal: bool = False
    """Whether it was `~key`, which takes the key out of the spec"""


def make_text_node(text: str) -> yaml.ScalarNode:
    """Make a value that is this text, whatever it looks like."""
    return yaml.ScalarNode(TEXT_TAG, text, style='"')


def make_null_node() -> yaml.ScalarNode:
    """Make the value `null`."""
    return yaml.ScalarNode(NULL_TAG, "null")


def is_null(node: yaml.Node) -> bool:
    """Return whether a value is null."""
    return node.tag == NULL_TAG


def describe_node(node: yaml.Node) -> str:
    """Describe a value in a message: `5`, `null`, `[0, 1]`, `{...}`; a long one is cut."""
    if isinstance(node, yaml.MappingNode):
        return "{...}" if node.value else "{}"
    if isinstance(node, yaml.SequenceNode):
        text = (
            f"[{', '.join(map(describe_node, node.value[:SHOWN_ITEMS]))}{', ...' * (len(node.value) > SHOWN_ITEMS)}]"
        )
    else:
        text = node.value if node.value or getattr(node, "style", None) else "null"
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."


def read_flag(flag: str, key: str, text: str) -> Setting:
    """Return the setting of a flag: exactly this text.

    Raises:
        UserError: in a spec, the text would stand for something else (a reference, or a value to come).
    """
    if "${" in text or text == OPEN:
        raise UserError(f"{flag} {text}: accepted: a path without ${{, and not {OPEN}; rename it.")
    return Setting(key, make_text_node(text), flag)


def parse_override(text: str) -> Setting:
    """Read `key=value`, Hydra's `+key=value` and `++key=value`, or `~key`, which takes a key out of the spec.

    Of the value, only `null` and nothing at all are understood (as null): the schema decides the rest.

    Raises:
        UserError: it is none of these.
    """
    if text.startswith("~"):
        key = text[1:]
        if not key or "=" in key:
            raise UserError(f"{text!r}: accepted is ~KEY, which takes a key out of the spec; to set one: KEY=VALUE.")
        return Setting(key, make_null_node(), COMMAND_LINE, is_removal=True)
    key, equals, value = text.partition("=")
    key = key[2:] if key.startswith("++") else key.removeprefix("+")
    if not equals or not key:
        raise UserError(f"{text!r}: accepted are overrides like trainer.max_epochs=3; flags: -e -r -g -k -m.")
    node = make_null_node() if value in ("", "null") else make_text_node(value)
    return Setting(key, node, COMMAND_LINE, is_text=True)


def is_encodable(text: str) -> bool:
    """Return whether a text has no lone surrogates except those that stand for a byte in a file name."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def read_spec_file(path: str) -> list[Setting]:
    """Read the leaves of a YAML mapping in file order.

    Raises:
        UserError: the file is unreadable, too large, not UTF-8, no YAML or no mapping, or gives a key twice; with the
            line.
    """
    root = parse_yaml(_read_text(path), path)
    if root is None or is_null(root):
        return []
    if not isinstance(root, yaml.MappingNode):
        raise UserError(f"{path}:1: accepted is a mapping of keys to values, e.g. `data_dir: ???`.")
    return list(list_leaves(root, "", path))


def _read_text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UserError(
            f"-e {path}: cannot be read ({error.strerror}); accepted: a YAML file; type "
            "`token_classification download_specs -o specs` for one of each command."
        ) from error
    if len(content) > LARGEST_FILE:
        raise UserError(
            f"-e {path}: more than {LARGEST_FILE // 2**10} KiB; accepted is a YAML file of settings; texts to tag go "
            "into a file of their own: input_file=FILE."
        )
    return decode_text(content, Path(path))


def parse_yaml(text: str, path: str) -> yaml.Node | None:
    """Parse a YAML text and return its root; nothing is constructed from it.

    Args:
        text: What to parse.
        path: Where it comes from, for messages.

    Raises:
        UserError: it is no YAML, is nested too deeply, or gives a key twice; with the line.
    """
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise UserError(f"{path}:{line}: a control character, which YAML does not allow; delete it.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise UserError(f"{path}:{line}: not valid YAML: {error.problem}; accepted is `key: value`.") from None
    except RecursionError:
        raise UserError(f"{path}: nested too deeply; accepted are {DEEPEST} levels.") from None
    except (ValueError, OverflowError) as error:
        # The scanner lets through numbers that no character and no version of YAML has.
        raise UserError(f"{path}: not valid YAML: {error}; accepted is `key: value`.") from None
    problems = [] if root is None else list(_check_nodes(root, path))
    if problems:
        raise UserError(list_problems(problems))
    return root


def _check_nodes(root: yaml.Node, path: str) -> Iterator[str]:
    """Find what is wrong with keys and values, whatever they mean; without recursion, and in bounded time.

    Raises:
        UserError: they are nested too deeply, or aliases stand for too many values.
    """
    seen: set[int] = set()
    repeated = 0
    waiting: list[tuple[yaml.Node, int]] = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        place = f"{path}:{node.start_mark.line + 1}"
        repeated += id(node) in seen
        seen.add(id(node))
        if depth > DEEPEST:
            raise UserError(f"{place}: nested too deeply; accepted are {DEEPEST} levels.")
        if repeated > MOST_REPEATED:
            raise UserError(f"{place}: aliases that stand for more than {MOST_REPEATED:,} values; write them out.")
        if isinstance(node, yaml.MappingNode):
            yield from _check_keys(node, path)
            waiting += [(value, depth + 1) for _, value in reversed(node.value)]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(item, depth + 1) for item in reversed(node.value)]
        elif not is_encodable(node.value):
            yield f"{place}: a lone surrogate (\\ud800 to \\udfff), which is no character; delete it"


def _check_keys(node: yaml.MappingNode, path: str) -> Iterator[str]:
    """Find keys of one mapping that are given twice or are no plain text."""
    lines: dict[str, int] = {}
    for key_node, _ in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or not is_encodable(key_node.value):
            yield f"{path}:{line}: a key that is no text; accepted is `key: value`"
        elif key_node.tag == MERGE_TAG:
            yield f"{path}:{line}: <<, which merges another mapping; write its keys out"
        elif key_node.value in lines:
            yield f"{path}:{line}: {key_node.value} is given twice, first in line {lines[key_node.value]}; keep one"
        else:
            lines[key_node.value] = line


def list_leaves(node: yaml.MappingNode, prefix: str, path: str) -> Iterator[Setting]:
    """Iterate over the settings of a mapping and of the mappings within it, with their lines."""
    for key_node, value_node in node.value:
        key = f"{prefix}{key_node.value}"
        if isinstance(value_node, yaml.MappingNode) and value_node.value and key not in FREE_MAPPINGS:
            yield from list_leaves(value_node, f"{key}.", path)
        else:
            yield Setting(key, value_node, f"{path}:{key_node.start_mark.line + 1}")
