"""Entities as seqeval's strict mode finds them: those whose tags are legal in the scheme."""

from seqeval import scheme as seqeval_schemes

from token_classification.data.scheme_conversion import Entity
from token_classification.data.schemes import IOBES_SPELLING, OUTSIDE, Scheme, Tags

SEQEVAL_SCHEMES = {
    Scheme.IOB1: seqeval_schemes.IOB1,
    Scheme.IOB2: seqeval_schemes.IOB2,
    Scheme.IOBES: seqeval_schemes.IOBES,
    # BILOU tags are respelt as IOBES first: seqeval's default mode does not know L- and U- (user_pains section 4).
    Scheme.BILOU: seqeval_schemes.IOBES,
}


def find_strict_entities(sentences: Tags, scheme: Scheme) -> list[list[Entity]]:
    """The entities of each sentence whose tags are legal in the scheme, as seqeval's strict mode finds them."""
    if scheme in (Scheme.IOBES, Scheme.BILOU):
        sentences = respell_as_iobes(sentences)
    found = seqeval_schemes.Entities(keep_legal(sentences, scheme), SEQEVAL_SCHEMES[scheme])
    return [[Entity(*entity.to_tuple()[1:]) for entity in row] for row in found.entities]


def keep_legal(sentences: Tags, scheme: Scheme) -> list[list[str]]:
    """Tags that the scheme does not have (a model of another scheme wrote them) can't be part of a strict entity."""
    prefixes = "BI" if scheme in (Scheme.IOB1, Scheme.IOB2) else "BIES"
    return [[tag if tag[1:2] in ("-", "") and tag[0] in prefixes else OUTSIDE for tag in tags] for tags in sentences]


def respell_as_iobes(sentences: Tags) -> list[list[str]]:
    """BILOU tags as IOBES spells them; those of IOBES stay."""
    return [[IOBES_SPELLING.get(tag[0], tag[0]) + tag[1:] for tag in tags] for tags in sentences]
