"""From a YAML file and `key=value` overrides to the spec of a command, with all problems at once."""

import difflib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from token_classification.errors import UserError, list_problems
from token_classification.tao.schema import ALIASES, MISSPELT, WITHOUT_EFFECT, Spec
from token_classification.training.schedule import OPTIONS

logger = logging.getLogger(__name__)

OPEN = "???"
"""Stands for a value that has to be given."""

SCHEDULE_KEYS = {"name", "monitor", "reduce_on_plateau", "last_epoch", "max_steps"}.union(*OPTIONS.values())
OPEN_SECTIONS = {"model.optim.sched": SCHEDULE_KEYS, "model.language_model.config": None, "threshold": None}
"""Sections whose keys are not in the schema -> those that there are; None: any."""


@dataclass(frozen=True)
class Setting:
    """A key with its value, and where it was given."""

    key: str
    value: Any
    place: str


def load_spec(spec_file: str | None, overrides: Sequence[str], required: Sequence[str]) -> DictConfig:
    """Read a spec, put the overrides over it and resolve it.

    Args:
        spec_file: Path of the YAML file; None for the defaults alone.
        overrides: `dotted.key=value`; they win over the file.
        required: Keys that must have a value in the end.

    Raises:
        UserError: unknown keys (with the nearest one), values of a wrong type, keys left open; all of them.
    """
    settings = [*(read_spec_file(spec_file) if spec_file else ()), *map(parse_override, overrides)]
    _log_misspelt_keys(settings)
    spec = OmegaConf.structured(Spec)
    problems = []
    left_open: dict[str, str] = {}
    for setting in settings:
        key = find_canonical_key(setting.key)
        if key in WITHOUT_EFFECT:
            logger.warning("%s: %s has no effect here: %s", setting.place, setting.key, WITHOUT_EFFECT[key])
            continue
        if setting.value == OPEN:
            left_open[key] = setting.place
            continue
        left_open.pop(key, None)
        problem = set_value(spec, key, setting)
        if problem:
            problems.append(problem)
    problems += _find_open_keys(spec, required, left_open)
    problems += _resolve(spec)
    if problems:
        raise UserError(list_problems(problems))
    return spec


def read_spec_file(path: str) -> list[Setting]:
    """The leaves of a YAML mapping in file order.

    Raises:
        UserError: unreadable, no YAML, or no mapping.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"-e {path}: cannot be read ({error.strerror}). `token_classification download_specs -o specs` writes "
            "a spec for each command."
        ) from error
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise UserError(f"-e {path}: not valid YAML: {error}") from error
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise UserError(f"-e {path}: accepted is a mapping of keys to values, e.g. `data_dir: ???`.")
    return list(_walk_mapping(root, "", path))


def _walk_mapping(node: yaml.MappingNode, prefix: str, path: str) -> Iterator[Setting]:
    for key_node, value_node in node.value:
        key = f"{prefix}{key_node.value}"
        is_open = find_canonical_key(key) == "model.language_model.config"
        if isinstance(value_node, yaml.MappingNode) and value_node.value and not is_open:
            yield from _walk_mapping(value_node, f"{key}.", path)
        else:
            yield Setting(key, _read_node(value_node), f"{path}:{key_node.start_mark.line + 1}")


def parse_override(text: str) -> Setting:
    """`dotted.key=value`; the value is read as YAML: `null`, `true`, `5e-5` and `[1, 2]` are what they look like.

    Raises:
        UserError: there is no `=` in it, or the value is no YAML.
    """
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UserError(f"{text!r}: accepted are overrides like trainer.max_epochs=3; flags: -e -r -g -k -m.")
    if value == "-":
        # Stdin, and not the list of one empty item that it is in YAML.
        return Setting(key, value, "command line")
    try:
        node = yaml.compose(value, yaml.SafeLoader)
    except yaml.YAMLError:
        return Setting(key, value, "command line")
    return Setting(key, None if node is None else _read_node(node), "command line")


def _read_node(node: yaml.Node) -> Any:
    # OmegaConf's loader, unlike plain YAML, knows that 5e-5 is a number; it wants a mapping.
    name = yaml.ScalarNode("tag:yaml.org,2002:str", "value")
    text = yaml.serialize(yaml.MappingNode("tag:yaml.org,2002:map", [(name, node)]))
    return OmegaConf.to_container(OmegaConf.create(text), resolve=False)["value"]


def find_canonical_key(key: str) -> str:
    """The name of a key in the schema: aliases of the key or of its sections are replaced, the longest first."""
    for alias in sorted(ALIASES, key=len, reverse=True):
        if key == alias or key.startswith(f"{alias}."):
            return find_canonical_key(ALIASES[alias] + key[len(alias) :])
    return key


def _log_misspelt_keys(settings: Sequence[Setting]) -> None:
    for setting in settings:
        if setting.key.startswith(MISSPELT):
            logger.warning("%s: %s is read as %s", setting.place, setting.key, find_canonical_key(setting.key))


def set_value(spec: DictConfig, key: str, setting: Setting) -> str | None:
    """Set a key; gives what is wrong with it, None if nothing is."""
    if not is_known(key):
        nearest = difflib.get_close_matches(key, [*list_keys(Spec), *ALIASES], n=1, cutoff=0.5)
        hint = f"did you mean {nearest[0]}?" if nearest else "`token_classification download_specs` lists all keys"
        return f"{setting.place}: unknown key {setting.key}; {hint}"
    try:
        OmegaConf.update(spec, key, setting.value, force_add=True)
    except OmegaConfBaseException as error:
        reason = str(error).splitlines()[0]
        return f"{setting.place}: {setting.key}={setting.value!r}: {reason}"
    return None


def is_known(key: str) -> bool:
    """Whether the schema has a key."""
    for section, keys in OPEN_SECTIONS.items():
        if key.startswith(f"{section}."):
            return keys is None or key[len(section) + 1 :] in keys
    return key in list_keys(Spec)


def list_keys(schema: type, prefix: str = "") -> list[str]:
    """All dotted keys of a schema, its sections left out."""
    keys = []
    for item in fields(schema):
        if is_dataclass(item.type):
            keys += list_keys(item.type, f"{prefix}{item.name}.")
        else:
            keys.append(f"{prefix}{item.name}")
    return keys


def _find_open_keys(spec: DictConfig, required: Sequence[str], left_open: dict[str, str]) -> list[str]:
    """Keys that the command needs and that have no value."""
    return [
        f"{left_open.get(key, 'command line')}: {key} has no value; set it in the spec or type {key}=VALUE"
        for key in required
        if key in left_open or OmegaConf.select(spec, key) is None
    ]


def _resolve(spec: DictConfig) -> list[str]:
    """Resolve interpolations in place; gives those that point nowhere."""
    try:
        OmegaConf.resolve(spec)
    except OmegaConfBaseException as error:
        return [f"spec: {str(error).splitlines()[0]}"]
    return []
