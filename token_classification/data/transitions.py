"""Which tag may follow which in a scheme: the rule for decoding, and for finding illegal annotation."""

from token_classification.data.schemes import IOBES_SPELLING, OUTSIDE, Scheme, is_continuation, split_tag

OPENING, INSIDE, CLOSING, SINGLE = "BIES"


def may_follow(before: str, tag: str, scheme: Scheme) -> bool:
    """Tell whether a scheme allows a tag after another; what may follow `O` may also begin a sentence.

    >>> may_follow("O", "I-PER", Scheme.IOB2), may_follow("O", "I-PER", Scheme.IOB1)
    (False, True)
    """
    if scheme == Scheme.PLAIN:
        return True
    before_role, before_type = find_role(before)
    role, entity_type = find_role(tag)
    is_open = before_role in (OPENING, INSIDE)
    same_type = before_type == entity_type
    if scheme == Scheme.IOB1:
        # I- may begin an entity; B- only parts it from one of the same type right before.
        return role != OPENING or (is_open and same_type)
    if scheme == Scheme.IOB2:
        return role != INSIDE or (is_open and same_type)
    if is_open:
        return role in (INSIDE, CLOSING) and same_type
    return role in (OUTSIDE, OPENING, SINGLE)


def may_end(tag: str, scheme: Scheme) -> bool:
    """Tell whether a sentence may end with a tag: with IOBES and BILOU an entity must be closed."""
    return may_follow(tag, OUTSIDE, scheme)


def goes_on(before: str, tag: str, scheme: Scheme) -> bool:
    """Tell whether a tag goes on with the entity of the tag before it; each plain tag is an entity of its own."""
    return scheme != Scheme.PLAIN and is_continuation(before, tag)


def find_role(tag: str) -> tuple[str, str]:
    """Return what a tag does (O, B, I, E or S; L is E and U is S) and its entity type."""
    prefix, entity_type = split_tag(tag)
    return IOBES_SPELLING.get(prefix, prefix), entity_type
