"""From argv, or a YAML/JSON file and argv, to the settings of a run; errors name the nearest flag."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

import yaml
from transformers import HfArgumentParser

from token_classification.arguments.help import HELP_COMMAND
from token_classification.arguments.learning import OF_ADAPTERS
from token_classification.arguments.old_flags import OLD_FLAGS, translate_old_flags
from token_classification.arguments.run import PARTS, RunArguments
from token_classification.arguments.time_budget import OF_A_BUDGET
from token_classification.errors import UserError
from token_classification.nearest_names import did_you_mean
from token_classification.output_text import quote_path

IMPLIED: Mapping[str, Mapping[str, Any]] = {"--time_budget": OF_A_BUDGET, "--lora_rank": OF_ADAPTERS}
"""Flag -> settings that come with it"""
CONFIG_SUFFIXES = (".json", ".yaml", ".yml")


class ArgumentParser(HfArgumentParser):
    """Reports what argparse finds wrong as a `UserError`, like every other mistake of the user."""

    def error(self, message: str) -> NoReturn:
        """Raise the message, instead of printing the usage of 150 flags.

        Raises:
            UserError: always.
        """
        raise UserError(f"{message}\nAll flags: {HELP_COMMAND}")


def parse_command_line(argv: Sequence[str]) -> tuple[RunArguments, list[str]]:
    """Parse `[config.yaml|config.json] --flag value ...`; flags win over the file.

    Returns:
        The settings of the run, and notices about old flags, to be logged.

    Raises:
        UserError: an unknown flag or key (the message has the nearest one), a wrong value, an unreadable config file.
    """
    argv = list(argv)
    if argv and argv[0].endswith(CONFIG_SUFFIXES) and not argv[0].startswith("-"):
        argv = [*read_config_file(argv[0]), *argv[1:]]
    argv, notices = translate_old_flags(argv)
    typed = {argument.partition("=")[0] for argument in argv}
    implied = [part for flag, settings in IMPLIED.items() if flag in typed for part in spell_flags(settings)]
    argv = [*implied, *argv]  # what is typed comes later, and wins
    try:
        return _parse_flags(argv), notices
    except UserError as error:
        # Users who typed old flags must recognise them in the message about the new ones.
        raise UserError("\n".join([*notices, str(error)])) from error


def _parse_flags(argv: Sequence[str]) -> RunArguments:
    parser = ArgumentParser(PARTS.values(), add_help=False, allow_abbrev=False)
    _check_flag_names(parser, argv)
    values = vars(parser.parse_args(argv))
    parts, problems = {}, []
    for name, part in PARTS.items():
        try:
            parts[name] = part(**{field.name: values[field.name] for field in fields(part) if field.init})
        except (UserError, ValueError, TypeError, ImportError) as error:
            # TrainingArguments complains in several ways: about values, keys inside JSON values, missing packages.
            problems.append(str(error))
    if problems:
        raise UserError("\n".join(problems))
    return RunArguments(**parts)


def list_flags() -> list[str]:
    """List the names of all flags, old ones too, without dashes."""
    options = ArgumentParser(PARTS.values(), add_help=False, allow_abbrev=False)._option_string_actions
    return [option.removeprefix("--") for option in options if option.startswith("--")] + list(OLD_FLAGS)


def read_config_file(path: str) -> list[str]:
    """Turn the keys of a YAML or JSON file into flags: `{"seed": 1, "do_train": true}` -> `--seed 1 --do_train true`.

    Raises:
        UserError: see `read_config_settings`.
    """
    return spell_flags(read_config_settings(path))


def read_config_settings(path: str) -> dict[str, object]:
    """Read the mapping of flag names to values that a YAML or JSON file holds.

    Raises:
        UserError: the file can't be read, is not valid YAML or JSON, or is not a mapping.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); give the path of a YAML or JSON file.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{path}:{line}: not UTF-8 (byte 0x{error.object[error.start]:02X}); accepted is a YAML or JSON file in "
            f"UTF-8; convert it with: iconv -f latin1 -t utf-8 {quote_path(path)} > {quote_path(path + '.utf8')}"
        ) from error
    try:
        settings = json.loads(text) if path.endswith(".json") else yaml.safe_load(text)
    except RecursionError as error:
        raise UserError(f"{path}: nested too deeply; accepted is a mapping of flag names to values.") from error
    except (json.JSONDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path}: not valid {Path(path).suffix[1:].upper()}: {error}") from error
    if not isinstance(settings, dict):
        raise UserError(f"{path}: accepted is a mapping of flag names to values, e.g. `do_train: true`.")
    return {str(name): value for name, value in settings.items()}


def spell_flags(settings: Mapping[Any, object]) -> list[str]:
    """Spell settings as they are typed; what is None is left out.

    >>> spell_flags({"seed": 1, "do_train": True, "labels": None})
    ['--seed=1', '--do_train=true']
    """
    return [part for key, value in settings.items() for part in _as_flag(str(key), value)]


def _as_flag(key: str, value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, dict):
        return [f"--{key}", json.dumps(value)]
    if isinstance(value, list):
        return [f"--{key}", *map(str, value)]
    # `--key=value`: a value that starts with a dash, such as -1, must not be taken for a flag.
    return [f"--{key}={str(value).lower() if isinstance(value, bool) else value}"]


def _check_flag_names(parser: HfArgumentParser, argv: Sequence[str]) -> None:
    """Check that every flag exists.

    Raises:
        UserError: unknown flags, each with the nearest known one.
    """
    known = list(parser._option_string_actions)
    problems = []
    for argument in argv:
        flag = argument.partition("=")[0]
        if not flag.startswith("--") or flag in known:
            continue
        underscored = flag.replace("-", "_").replace("__", "--", 1)
        hint = did_you_mean(underscored, known, otherwise=f"see {HELP_COMMAND}")
        problems.append(f"unknown flag {flag}: {hint}")
    if problems:
        raise UserError("\n".join(problems))
