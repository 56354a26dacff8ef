"""Reads values of settings as the types of the schema: a text stays exactly what was typed, a number is finite."""

import math
import re
from collections.abc import Callable
from typing import Any, get_args

import torch
import yaml

from token_classification.tao.settings import TEXT_TAG, Setting, is_null, parse_yaml

WHOLE_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
NUMBER = re.compile(r"[-+]?([0-9][0-9_]*(\.[0-9_]*)?|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?")
LARGEST_NUMBER = 2**63 - 1
BOOLEANS = {**dict.fromkeys(("true", "yes", "on", "1"), True), **dict.fromkeys(("false", "no", "off", "0"), False)}
ALL_DEVICES = ("auto", "-1")


def read_value(setting: Setting, key: str, annotation: object) -> object:
    """Return the value of a setting.

    Args:
        setting: What was given.
        key: Its name in the schema.
        annotation: Its type in the schema.

    Raises:
        ValueError: it is no value of that type; the message says what is accepted.
    """
    if key == "trainer.gpus":
        return count_devices(_parse_if_text(setting))
    choices = get_args(annotation) if type(None) in get_args(annotation) else (annotation,)
    kind = next(choice for choice in choices if choice is not type(None))
    if is_null(setting.node) and (kind is Any or type(None) in choices):
        return None
    if kind in SCALARS:
        return _read_scalar(setting.node, kind)
    node = _parse_if_text(setting)
    if kind is Any:
        return read_freely(node)
    if getattr(kind, "__origin__", kind) is list:
        return _read_texts(node)
    if isinstance(node, yaml.MappingNode):
        return read_freely(node)
    raise ValueError("accepted: a mapping, e.g. {name: value}")


def _parse_if_text(setting: Setting) -> yaml.Node:
    """Read what was typed on the command line as YAML; only for values that are more than one text or number."""
    if not setting.is_text or is_null(setting.node) or not isinstance(setting.node, yaml.ScalarNode):
        return setting.node
    return parse_yaml(setting.node.value, setting.place) or setting.node


def _read_scalar(node: yaml.Node, kind: type) -> object:
    if not isinstance(node, yaml.ScalarNode) or is_null(node):
        raise ValueError(f"accepted: {EXPECTED[kind]}")
    return SCALARS[kind](node.value)


def _read_texts(node: yaml.Node) -> list[str]:
    """Return a list of texts, each as it was typed."""
    if not isinstance(node, yaml.SequenceNode) or not all(isinstance(item, yaml.ScalarNode) for item in node.value):
        raise ValueError('accepted: a list of texts, e.g. \'["first text", "second text"]\'')
    return [item.value for item in node.value]


def read_whole_number(text: str) -> int:
    """Read `5`, `-1` or `1_000`.

    Raises:
        ValueError: anything else, including `010`, which YAML reads as 8.
    """
    if not WHOLE_NUMBER.fullmatch(text) or len(text) > len(str(LARGEST_NUMBER)) + 1:
        raise ValueError(f"accepted: {EXPECTED[int]}")
    return int(text)


def read_number(text: str) -> float:
    """Read `0.1`, `5e-5` or `1`.

    Raises:
        ValueError: anything else, including infinity and NaN.
    """
    number = float(text) if NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        raise ValueError(f"accepted: {EXPECTED[float]}")
    return number


def read_boolean(text: str) -> bool:
    """Read `true` or `false`, or YAML's other words for them.

    Raises:
        ValueError: anything else.
    """
    if text.lower() not in BOOLEANS:
        raise ValueError(f"accepted: {EXPECTED[bool]}")
    return BOOLEANS[text.lower()]


EXPECTED = {
    str: "a text",
    int: "a whole number",
    float: "a finite number, e.g. 0.1 or 5e-5",
    bool: "true or false",
}
SCALARS: dict[type, Callable[[str], Any]] = {
    str: str,
    int: read_whole_number,
    float: read_number,
    bool: read_boolean,
}
"""Type of the schema -> the function that reads it"""


def read_freely(node: yaml.Node) -> object:
    """Read a value of which the schema says nothing by its looks, as YAML does; `5e-5` is a number, too.

    Raises:
        ValueError: a number out of range.
    """
    if isinstance(node, yaml.MappingNode):
        return {name.value: read_freely(value) for name, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [read_freely(item) for item in node.value]
    if is_null(node):
        return None
    if node.tag == TEXT_TAG and getattr(node, "style", None) is not None:
        return node.value
    if WHOLE_NUMBER.fullmatch(node.value):
        return read_whole_number(node.value)
    if NUMBER.fullmatch(node.value):
        return read_number(node.value)
    return BOOLEANS.get(node.value.lower(), node.value)


def count_devices(node: yaml.Node) -> int:
    """Count the devices that `trainer.gpus` or `trainer.devices` names: `1`, `[0]`, `"0,1"`, `auto`, `-1`; 0: the CPU.

    Raises:
        ValueError: it is none of these, or the devices are not the first ones.
    """
    if is_null(node):
        return 1
    if isinstance(node, yaml.ScalarNode) and node.value.lower() in ALL_DEVICES:
        return max(torch.accelerator.device_count(), 1)
    listed = node.value
    if isinstance(node, yaml.ScalarNode):
        if "," not in listed:
            count = read_whole_number(listed)
            if count < 0:
                raise ValueError("accepted: a number of devices, 0 for the CPU")
            return count
        places = [part.strip() for part in listed.split(",") if part.strip()]
    else:
        places = [item.value for item in listed if isinstance(item, yaml.ScalarNode)]
    if not places or places != [str(place) for place in range(len(places))]:
        chosen = ",".join(map(str, places)) or "0"
        raise ValueError(
            f"accepted: a number of devices, or [0]; to choose others, type CUDA_VISIBLE_DEVICES={chosen} before the "
            "command"
        )
    return len(places)
