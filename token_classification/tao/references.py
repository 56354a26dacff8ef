"""`${data_dir}` in a value: another key of the spec, or with leave a variable of the environment.

OmegaConf could do this, and more: any spec could then read any variable, a key of encryption too, and ten lines
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
"""Names the variables of the environment that a spec may read: `USER,DATA`"""
LONGEST_VALUE = 100_000
"""Characters that a value may have once its references are replaced"""


class BrokenReferenceError(Exception):
    """A reference that leads nowhere; the message says what is accepted."""


def resolve_references(
    given: Mapping[str, Setting], find_key: Callable[[str], str], find_default: Callable[[str], yaml.Node | None]
) -> tuple[dict[str, Setting], list[str]]:
    """Replace the references of all settings.

    Args:
        given: Key -> its setting.
        find_key: Name in a reference -> key.
        find_default: Key -> its value where it is not given; None where there is no such key.

    Returns:
        The settings without references, and what is wrong with those that could not be replaced.
    """
    resolved: dict[str, yaml.Node] = {}

    def find_value(key: str, referring: tuple[str, ...]) -> yaml.Node:
        """The value of a key, its references replaced."""
        if key in referring:
            raise BrokenReferenceError(f"refers to itself ({' -> '.join([*referring, key])}); write its value out")
        if key not in resolved:
            node = given[key].node if key in given else find_default(key)
            if node is None:
                raise BrokenReferenceError(f"refers to {key}, and there is no such key")
            resolved[key] = replace_in(node, (*referring, key))
        return resolved[key]

    def replace_in(node: yaml.Node, referring: tuple[str, ...]) -> yaml.Node:
        """A node with the references in its texts replaced."""
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
        raise BrokenReferenceError(
            f"has a ${{ without its }}, or one within another: {text[:80]}; accepted is ${{KEY}}"
        )
    nodes = [_follow(reference[1].strip(), find_value) for reference in references]
    if len(references) == 1 and references[0][0] == text:
        return nodes[0]
    parts, place = [], 0
    for reference, node in zip(references, nodes, strict=True):
        if not isinstance(node, yaml.ScalarNode) or is_null(node):
            raise BrokenReferenceError(f"puts {reference[0]} into a text, and that has no text; write it out")
        parts += [text[place : reference.start()], node.value]
        place = reference.end()
    whole = "".join([*parts, text[place:]])
    if len(whole) > LONGEST_VALUE:
        raise BrokenReferenceError(f"gets longer than {LONGEST_VALUE:,} characters by its references; write it out")
    return make_text_node(whole)


def _follow(name: str, find_value: Callable[[str], yaml.Node]) -> yaml.Node:
    """What a reference stands for."""
    environment = ENVIRONMENT.fullmatch(name)
    if environment:
        return _read_variable(environment[1], environment[2])
    if not KEY.fullmatch(name):
        raise BrokenReferenceError(
            f"has ${{{name}}}; accepted are the whole names of keys, e.g. ${{data_dir}}, and ${{oc.env:NAME}}"
        )
    return find_value(name)


def _read_variable(name: str, default: str | None) -> yaml.Node:
    """A variable of the environment that may be read; a spec of somebody else must not find out the others."""
    if name == KEY_VARIABLE:
        raise BrokenReferenceError(f"reads {name}; the key goes into no spec, log or record: take it out")
    permitted = {permitted.strip() for permitted in os.environ.get(SPEC_VARIABLES, "").split(",")}
    if name not in permitted:
        listed = ",".join(sorted({*permitted, name} - {""}))
        raise BrokenReferenceError(
            f"reads the environment variable {name}, which specs may do only if you say so: type "
            f"{SPEC_VARIABLES}={listed} before the command, or write the value out"
        )
    value = os.environ.get(name)
    if value is None and default is None:
        raise BrokenReferenceError(f"reads the environment variable {name}, which is not set; set it: {name}=VALUE")
    if value is None:
        default = default.strip()
        return make_null_node() if default == "null" else make_text_node(default)
    if "${" in value or not is_encodable(value):
        raise BrokenReferenceError(f"reads the environment variable {name}, which is no plain text; write it out")
    return make_text_node(value)
