"""Turns a YAML file, overrides and flags into the spec of a command; all problems are reported at once."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from token_classification.errors import LISTED_PROBLEMS, UserError, list_problems
from token_classification.nearest_names import did_you_mean
from token_classification.output_text import make_printable
from token_classification.tao.foreign_keys import find_foreign_key, judge_foreign_setting, refuse_other_task
from token_classification.tao.keys import SCHEDULE, find_canonical_key, find_open_section, is_known, is_section
from token_classification.tao.references import resolve_references
from token_classification.tao.schema import (
    ALIASES,
    LEARNING_DEFAULTS,
    MISSPELT,
    OPEN,
    Spec,
    is_read,
    list_command_defaults,
    list_defaults,
    list_types,
)
from token_classification.tao.settings import (
    COMMAND_LINE,
    Setting,
    describe_node,
    is_null,
    list_leaves,
    make_null_node,
    make_text_node,
    parse_override,
    parse_yaml,
    read_spec_file,
)
from token_classification.tao.values import read_value

logger = logging.getLogger(__name__)

MANAGER = "exp_manager"
"""The section that the original can do without"""


def load_spec(
    command: str,
    spec_file: str | None,
    overrides: Sequence[str],
    required: Sequence[str],
    flags: Sequence[Setting] = (),
) -> DictConfig:
    """Read a spec, and put first the overrides and then the flags over it.

    Args:
        command: What the spec is for. Keys that it does not read may stay open; if they are typed, they are named.
        spec_file: Path of the YAML file; None for the defaults alone.
        overrides: `dotted.key=value`, `+dotted.key=value` or `~dotted.key`; they win over the file.
        required: Keys that must have a value in the end.
        flags: Settings from flags; they win over everything.

    Raises:
        UserError: unknown keys (with the nearest one), values of a wrong type, keys left open: all of them.
    """
    in_file = read_spec_file(spec_file) if spec_file else []
    typed = [setting for text in overrides for setting in _spread_mapping(parse_override(text))]
    refuse_other_task([*in_file, *typed])
    problems = [*_find_conflicts(in_file), *_find_rivals(typed, flags)]
    given: dict[str, Setting] = {}
    unknown = []
    for setting in (*_drop_open_twins(in_file), *typed, *flags):
        if is_known(find_canonical_key(setting.key)):
            problem = _take_setting(given, setting, command)
            problems += [problem] if problem else []
        else:
            unknown.append(setting)
    problems += _describe_unknown_keys(unknown)
    left_open = {key: setting.place for key, setting in given.items() if setting.node.value == OPEN}
    defaults = list_command_defaults(command)
    spec, found = _build_spec({key: setting for key, setting in given.items() if key not in left_open})
    for key in LEARNING_DEFAULTS:
        if OmegaConf.select(spec, key) is None:
            OmegaConf.update(spec, key, defaults[key])
    problems += found
    # A wrong value is not also a missing one.
    missing = [key for key in required if not (found and key in given and not is_null(given[key].node))]
    open_places = {key: place for key, place in left_open.items() if is_read(command, key)}
    problems += _find_open_keys(spec, missing, open_places, defaults)
    if problems:
        raise UserError(list_problems(list(dict.fromkeys(problems))))
    return spec


def _spread_mapping(setting: Setting) -> list[Setting]:
    """Spread `model.head={num_fc_layers: 1}` into the keys it sets; whatever is no mapping of a section stays."""
    key = find_canonical_key(setting.key)
    if not setting.is_text or not (is_section(key) or key == SCHEDULE):
        return [setting]
    node = parse_yaml(setting.node.value, setting.place)
    if not isinstance(node, yaml.MappingNode) or not node.value:
        return [setting]
    return [replace(leaf, place=setting.place) for leaf in list_leaves(node, f"{setting.key}.", setting.place)]


def _describe_unknown_keys(unknown: Sequence[Setting]) -> Iterator[str]:
    """Describe keys that nobody knows; finding the nearest known one takes time, so only for those that are listed."""
    for number, setting in enumerate(unknown):
        known = [*list_types(), *ALIASES] if number < LISTED_PROBLEMS else []
        all_keys = "`token_classification download_specs` lists all keys"
        hint = did_you_mean(find_canonical_key(setting.key), known, otherwise=all_keys)
        yield f"{setting.place}: unknown key {setting.key}; {hint}"


def _find_conflicts(in_file: Sequence[Setting]) -> Iterator[str]:
    """Find keys to which a file gives two different values under two names of the same key."""
    first: dict[str, Setting] = {}
    for setting in in_file:
        key = find_canonical_key(setting.key)
        if setting.node.value == OPEN:
            continue
        other = first.setdefault(key, setting)
        if other.node.value != setting.node.value:
            yield (
                f"{setting.place}: {setting.key} is the same key as {other.key} in line "
                f"{other.place.rpartition(':')[2]}, which has another value; keep one of them"
            )


def _drop_open_twins(in_file: Sequence[Setting]) -> list[Setting]:
    """Return a file's settings without those left open whose key has a value under another name."""
    filled = {find_canonical_key(setting.key) for setting in in_file if setting.node.value != OPEN}
    return [s for s in in_file if s.node.value != OPEN or find_canonical_key(s.key) not in filled]


def _find_rivals(typed: Sequence[Setting], flags: Sequence[Setting]) -> Iterator[str]:
    """Find keys to which one command line gives two values, one of them by a flag."""
    by_flag = {flag.key: flag for flag in flags}
    for setting in typed:
        flag = by_flag.get(find_canonical_key(setting.key))
        if flag is not None and flag.node.value != setting.node.value:
            yield f"{setting.key}={setting.node.value} and {flag.place} {flag.node.value}: give only one of them"


def _take_setting(given: dict[str, Setting], setting: Setting, command: str) -> str | None:
    """Put a setting over the earlier ones, and return what is wrong with it, if anything."""
    key = find_canonical_key(setting.key)
    if setting.key.startswith(MISSPELT):
        logger.warning("%s: %s is read as %s", setting.place, setting.key, key)
    foreign = find_foreign_key(key)
    if foreign is not None:
        return judge_foreign_setting(foreign, setting)
    if is_section(key):
        return _take_section(given, setting, key, command)
    if setting.place == COMMAND_LINE and not is_read(command, key):
        logger.warning("%s: %s decides nothing in %s", setting.place, setting.key, command)
    if setting.is_removal and key != SCHEDULE:
        logger.warning("%s: ~%s: its default is used", setting.place, setting.key)
        _forget(given, key)
        return None
    # At the end: settings of a key and of the mapping it is part of apply in the order they were given.
    given.pop(key, None)
    given[key] = setting
    return None


def _take_section(given: dict[str, Setting], setting: Setting, key: str, command: str) -> str | None:
    """Take out a whole section, as `exp_manager=null` does, or return why it can't be taken out."""
    if isinstance(setting.node, yaml.MappingNode) and not setting.node.value:
        return None
    example = next(known for known in list_types() if known.startswith(f"{key}."))
    if not is_null(setting.node):
        return f"{setting.place}: {setting.key} is a section; accepted: its keys, e.g. {example}=VALUE"
    if key == MANAGER:
        logger.warning("%s: logs and checkpoints are written to -r even without %s", setting.place, MANAGER)
    elif is_read(command, key):
        return f"{setting.place}: {command} needs the section {setting.key}; leave it in, e.g. {example}=VALUE"
    _forget(given, key)
    return None


def _forget(given: dict[str, Setting], key: str) -> None:
    """Drop what was given for a key and for everything below it."""
    for known in [known for known in given if known == key or known.startswith(f"{key}.")]:
        del given[known]


def _build_spec(given: dict[str, Setting]) -> tuple[DictConfig, list[str]]:
    """Return the defaults with the settings over them, and what is wrong with those."""
    spec, types, defaults = OmegaConf.structured(Spec), list_types(), list_defaults()
    referring = {
        key: Setting(key, make_text_node(default), "default")
        for key, default in defaults.items()
        if isinstance(default, str) and "${" in default
    }
    values: dict[str, Any] = {}
    settings, problems = resolve_references(referring | given, find_canonical_key, _find_default)
    for key, setting in settings.items():
        try:
            value = read_value(setting, key, types.get(key, Any))
            if key.startswith(f"{SCHEDULE}.") and isinstance(value, (dict, list)):
                raise ValueError("accepted is a single value")
        except ValueError as error:
            found = make_printable(describe_node(setting.node))
            default = defaults.get(key)
            example = f"; the default is {key}={default}" if default not in (None, "") else ""
            problems.append(f"{setting.place}: {setting.key}={found}: {error}{example}")
            continue
        section = find_open_section(key)
        if section is None:
            values[key] = value
        else:
            _put_into_section(values, section, key[len(section) + 1 :], value)
    for key, value in values.items():
        OmegaConf.update(spec, key, value, merge=False)
    return spec, problems


def _find_default(key: str) -> yaml.Node | None:
    """Return the default of a key as the value of a setting; None if there is none, or no single one."""
    default = list_defaults().get(key, {})
    if default is None:
        return make_null_node()
    return None if isinstance(default, (dict, list)) else make_text_node(str(default))


def _put_into_section(values: dict[str, Any], section: str, name: str, value: object) -> None:
    """Put a value into a section with names of its own; without a name, the value is that of the whole section.

    A mapping is merged over what is there, as Hydra does. What is there may be null, or one value for all names.
    """
    if section not in values:
        default = list_defaults()[section]
        values[section] = dict(default) if isinstance(default, dict) else default
    added = {name: value} if name else value
    if not isinstance(added, dict) or not added:
        values[section] = value
    elif isinstance(values[section], dict):
        values[section].update(added)
    else:
        values[section] = dict(added)


def _find_open_keys(
    spec: DictConfig, required: Sequence[str], left_open: dict[str, str], defaults: dict[str, Any]
) -> list[str]:
    """Find keys that need a value and have none; where the default is none, only those that the command requires."""
    keys = dict.fromkeys([*required, *(key for key in left_open if defaults.get(key) is not None)])
    return [
        f"{left_open.get(key, 'command line')}: {key} has no value; set it in the spec or type {key}=VALUE"
        for key in keys
        if key in left_open or OmegaConf.select(spec, key) is None
    ]
