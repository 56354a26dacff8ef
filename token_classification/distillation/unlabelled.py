"""Texts without tags for a training: read, and without those that the model is to be measured on."""

import logging
from collections.abc import Iterable, Sequence

from token_classification.data.sentences import Sentences
from token_classification.data.text_keys import make_text_key
from token_classification.data.words_of_text import WordRule
from token_classification.distillation.held_out import HeldOut
from token_classification.inference.read_records import read_records
from token_classification.inference.records import BadRecord
from token_classification.inference.texts import place_words

logger = logging.getLogger(__name__)


def read_unlabelled(files: Sequence[str], rule: WordRule, measured: Iterable[Sentences]) -> list[list[str]]:
    """Read the words of texts; each text comes once, and none that is also in a split that is scored.

    Texts count as the same if they differ in case, punctuation, digits and links only. What is nearly the same as a
    sentence that is scored is left out, too.

    Args:
        files: In any format that `infer` reads.
        rule: How words are found in raw text.
        measured: The splits that the model is scored on.

    Raises:
        UserError: a file can't be read.
    """
    held_out = HeldOut(measured)
    seen: set[bytes] = set()
    texts: list[list[str]] = []
    for name in files:
        counts = dict.fromkeys(("texts", "unreadable", "repeated", "same", "near"), 0)
        first_bad: BadRecord | None = None
        for record in read_records(name):
            counts["texts"] += 1
            if isinstance(record, BadRecord):
                counts["unreadable"] += 1
                first_bad = first_bad or record
                continue
            words = place_words(record.text, rule)[2]
            key = make_text_key(" ".join(words))
            if found := held_out.find(words):
                counts[found] += 1
            elif key in seen or not words:
                counts["repeated"] += 1
            else:
                seen.add(key)
                texts.append(words)
        logger.info(
            "%s: %s texts to learn from teachers; %s are in the validation or test split and %s nearly, so they are "
            "left out; %s come again or have no words",
            name,
            f"{counts['texts'] - sum([*counts.values()][1:]):,}",
            *(f"{counts[reason]:,}" for reason in ("same", "near", "repeated")),
        )
        if first_bad is not None:
            logger.warning(
                "%s:%s: %s; %s such texts are left out", name, first_bad.line, first_bad.reason, counts["unreadable"]
            )
    return texts
