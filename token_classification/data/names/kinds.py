"""What the labels of models mean, whatever a corpus calls them: persons, places, organizations."""

PERSON, LOCATION, ORGANIZATION = "PERSON", "LOCATION", "ORGANIZATION"

KINDS = {
    "PER": PERSON,
    "PERSON": PERSON,
    "LOC": LOCATION,
    "LOCATION": LOCATION,
    "GPE": LOCATION,
    "ORG": ORGANIZATION,
    "ORGANIZATION": ORGANIZATION,
    "CORPORATION": ORGANIZATION,
    "GROUP": ORGANIZATION,
    "NORP": "NRP",
    "DATE": "DATE_TIME",
    "TIME": "DATE_TIME",
}
"""Label, in capitals -> what presidio calls it"""

PARTICLES = {"von", "van", "de", "der", "den", "di", "da", "del", "la", "le", "bin", "al", "zu"}
"""Words of names that tell nothing about whose name it is"""


def find_kind(label: str) -> str:
    """Return what presidio calls a label; one that it has no name for stays as it is, in capitals.

    >>> find_kind("person"), find_kind("creative-work")
    ('PERSON', 'CREATIVE_WORK')
    """
    name = label.upper().replace("-", "_")
    return KINDS.get(name, name)
