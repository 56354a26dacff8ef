"""What a dotted key of a spec means: its name in the schema, whether anything knows it, what it is part of."""

from token_classification.tao.foreign_keys import find_foreign_key
from token_classification.tao.schedule import OPTIONS
from token_classification.tao.schema import ALIASES, FREE_MAPPINGS, list_types

SCHEDULE = "model.optim.sched"
THRESHOLD = "threshold"
OPEN_SECTIONS = {SCHEDULE: {"name"}.union(*OPTIONS.values()), **dict.fromkeys(FREE_MAPPINGS)}
"""Section whose keys are not in the schema -> the keys it may have; None: any"""


def find_canonical_key(key: str) -> str:
    """Return the name of a key in the schema: aliases of it or of its sections are replaced, the longest first."""
    for alias in sorted(ALIASES, key=len, reverse=True):
        if key == alias or key.startswith(f"{alias}."):
            return find_canonical_key(ALIASES[alias] + key[len(alias) :])
    return key


def is_known(key: str) -> bool:
    """Return whether a key or section means anything here."""
    if find_foreign_key(key) is not None or is_section(key) or key in list_types():
        return True
    section = find_open_section(key)
    if section is None:
        return False
    name, names = key[len(section) + 1 :], OPEN_SECTIONS[section]
    # The name of a label may hold a dot; a mapping within a model's config is given as one.
    return name in names if names is not None else name != "" and (section == THRESHOLD or "." not in name)


def find_open_section(key: str) -> str | None:
    """Return the section with names of its own that a key is or is part of; None if there is none."""
    return next((section for section in OPEN_SECTIONS if key == section or key.startswith(f"{section}.")), None)


def is_section(key: str) -> bool:
    """Return whether the schema has keys below a key."""
    return any(known.startswith(f"{key}.") for known in list_types())
