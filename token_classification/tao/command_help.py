"""What a command's help lists as typed behind the flags: read off the schema, without libraries."""

from collections.abc import Sequence
from typing import Any

from token_classification.tao.schema import OPEN, is_read, list_command_defaults


def describe_overrides(command: str, required: Sequence[str]) -> str:
    """The keys that a command reads, one a line with their defaults, as they are typed.

    Args:
        command: A command that has a spec.
        required: Its keys that must be given.
    """
    lines = [
        f"Behind the flags: key=value, which wins over the spec. All keys and their defaults ({OPEN}: must be given):"
    ]
    for key, default in list_command_defaults(command).items():
        if not is_read(command, key):
            continue
        if key in required:
            lines.append(f"  {key}={OPEN}")
        elif isinstance(default, dict):
            lines += [f"  {key}.{name}={_spell(value)}" for name, value in default.items()]
        else:
            lines.append(f"  {key}={_spell(default)}")
    return "\n".join(lines)


def _spell(value: Any) -> str:
    """A value as it is typed in an override."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
