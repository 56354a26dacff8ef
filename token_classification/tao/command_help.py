"""The keys in a command's help, taken from the schema without importing libraries."""

from collections.abc import Sequence

from token_classification.tao.schema import OPEN, is_read, list_command_defaults


def describe_overrides(command: str, required: Sequence[str]) -> str:
    """List the keys that a command reads with their defaults, one per line, as they are typed.

    Args:
        command: A command that has a spec.
        required: Its keys that must be given.
    """
    lines = [
        f"After the flags: key=value, which wins over the spec. All keys and their defaults ({OPEN}: must be given):"
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


def _spell(value: object) -> str:
    """Spell a value as it is typed in an override."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
