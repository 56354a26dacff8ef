"""`${data_dir}` in a value: another key of the spec or, if permitted, a variable of the environment.

OmegaConf does this, too, and more: any spec could then read any variable, including the encryption key, and ten lines
that refer to each other could become a billion characters.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import yaml

from token_classification.tao.archive.key import KEY_VARIABLE
from token_classification.tao.settings import Setting, is_encodable, is_null, make_null_node, make_text_node

REFERENCE = re.compile(r"\$\{([^${}]*)\}")
KEY = re.compile(r"[\w-]+(\.[\w-]+)*")
ENVIRONMENT = re.compile(r"oc\.env:\s*(\w+)\s*(?:,(.*))?", re.DOTALL)

SPEC_VARIABLES = "TOKEN_CLASSIFICATION_SPEC_ENV"
"""Lists the variables of the environment that a spec may read: `USER,DATA`"""
LONGEST_VALUE = 100_000
"""How many characters a value may have once its references are replaced"""


class BrokenReferenceError(Exception):
    """A reference that can't be replaced; the message says what is accepted."""


def resolve_references(
    given: Mapping[str, Setting], find_key: Callable[[str], str], find_default: Callable[[str], yaml.Node | None]
) -> tuple[dict[str, Setting], list[str]]:
    """Replace the references of all settings.

    Args:
        given: Key -> its setting.
        find_key: Name in a reference -> key.
        find_default: Key -> its value where it is not given; None if there is no such key.

    Returns:
        The settings without references, and what is wrong with the references that could not be replaced.
    """
    resolved: dict[str, yaml.Node] = {}

    def find_value(key: str, referring: tuple[str, ...]) -> yaml.Node:
        """Return the value of a key with its references replaced."""
        if key in referring:
            raise BrokenReferenceError(f"refers to itself ({' -> '.join([*referring, key])}); write its value out")
        if key not in resolved:
            node = given[key].node if key in given else find_default(key)
            if node is None:
                raise BrokenReferenceError(f"refers to {key}, and there is no such key")
            resolved[key] = replace_in(node, (*referring, key))
        return resolved[key]

    def replace_in(node: yaml.Node, referring: tuple[str, ...]) -> yaml.Node:
        """Return a node with the references in its texts replaced."""
        if isinstance(node, yaml.MappingNode):
            pairs = [(name, replace_in(value, referring)) for name, value in node.value]
            return yaml.MappingNode(node.tag, pairs, node.start_mark, node.end_mark)
        if isinstance(node, yaml.SequenceNode):
            items = [replace_in(item, referring) for item in node.value]
            return yaml.SequenceNode(node.tag, items, node.start_mark, node.end_mark)
        if "${" not in node.value:
            return node
        return _replace_in_text(node.value, lambda name: find_value(find_key(name), referring))

    settings, problems = {}, []
    for key, setting in given.items():
        try:
            settings[key] = replace(setting, node=find_value(key, ()))
        except BrokenReferenceError as problem:
            problems.append(f"{setting.place}: {setting.key} {problem}")
    return settings, problems


def _replace_in_text(text: str, find_value: Callable[[str], yaml.Node]) -> yaml.Node:
    references = list(REFERENCE.finditer(text))
    if len(references) != text.count("${"):
        raise BrokenReferenceError(f"has a ${{ without its }}, or one inside another: {text[:80]}; accepted: ${{KEY}}")
    nodes = [_follow(reference[1].strip(), find_value) for reference in references]
    if len(references) == 1 and references[0][0] == text:
        return nodes[0]
    parts, place = [], 0
    for reference, node in zip(references, nodes, strict=True):
        if not isinstance(node, yaml.ScalarNode) or is_null(node):
            raise BrokenReferenceError(f"puts {reference[0]} into a text, and that is no text; write it out")
        parts += [text[place : reference.start()], node.value]
        place = reference.end()
    whole = "".join([*parts, text[place:]])
    if len(whole) > LONGEST_VALUE:
        raise BrokenReferenceError(
            f"becomes longer than {LONGEST_VALUE:,} characters through its references; write it out"
        )
    return make_text_node(whole)


def _follow(name: str, find_value: Callable[[str], yaml.Node]) -> yaml.Node:
    """Return what a reference stands for."""
    environment = ENVIRONMENT.fullmatch(name)
    if environment:
        return _read_variable(environment[1], environment[2])
    if not KEY.fullmatch(name):
        raise BrokenReferenceError(
            f"has ${{{name}}}; accepted: full names of keys, e.g. ${{data_dir}}, and ${{oc.env:NAME}}"
        )
    return find_value(name)


def _read_variable(name: str, default: str | None) -> yaml.Node:
    """Return a variable of the environment that may be read; somebody else's spec must not find out the others."""
    if name == KEY_VARIABLE:
        raise BrokenReferenceError(f"reads {name}; the key must not be in a spec, log or record: take it out")
    permitted = {permitted.strip() for permitted in os.environ.get(SPEC_VARIABLES, "").split(",")}
    if name not in permitted:
        listed = ",".join(sorted({*permitted, name} - {""}))
        raise BrokenReferenceError(
            f"reads the environment variable {name}, which specs may do only with your permission: type "
            f"{SPEC_VARIABLES}={listed} before the command, or write the value out"
        )
    value = os.environ.get(name)
    if value is None:
        if default is None:
            raise BrokenReferenceError(
                f"reads the environment variable {name}, which is not set; set it: {name}=VALUE"
            )
        return make_null_node() if default.strip() == "null" else make_text_node(default.strip())
    if "${" in value or not is_encodable(value):
        raise BrokenReferenceError(f"reads the environment variable {name}, which is no plain text; write it out")
    return make_text_node(value)
