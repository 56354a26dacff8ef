"""Texts that several people labelled: whose labels are read, or what more than half of them marked."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from token_classification.data.problems import Kind, show
from token_classification.data.spans.document import Span, SpanDocument, SpanFile
from token_classification.errors import DataError, list_problems
from token_classification.nearest_names import did_you_mean

MAJORITY = "majority"
"""What is asked for instead of a name: whatever more than half of a text's annotators marked"""
LISTED_NAMES = 10


def explain_choice(names: Iterable[str]) -> str:
    """Say what to type for the labels of one annotator, or for those of most."""
    return (
        f"for the labels of one of them: --annotator NAME (there are {_list_names(names)}); for what more than half "
        "of them marked: --annotator majority"
    )


def explain_unused(path: Path | str, annotator: str) -> str:
    """Say that nobody is chosen in a file of a format that names no annotators."""
    return (
        f"{path}: --annotator {show(annotator)} is not used: only files of Label Studio, Prodigy and doccano say who "
        "labelled what"
    )


def explain_older(path: Path, count: int) -> list[str]:
    """Say how many answers have no vote, because the same annotator has given a newer one to the same text."""
    return [f"{path}: {count:,} answers with a newer one of the same annotator have no vote"] if count else []


def refuse_unknown_annotator(annotator: str, names: Iterable[str], path: Path) -> None:
    """Refuse a name that no annotator has.

    Raises:
        DataError: it is none of the names, and not `majority`.
    """
    found = list(dict.fromkeys(names))
    if annotator == MAJORITY or annotator in found:
        return
    accepted = f"{_list_names(found)}, or majority" if found else "a file that says who labelled what"
    hint = did_you_mean(annotator, found, f"type --annotator {found[0]}" if found else "leave --annotator out")
    raise DataError(f"{path}: no annotator {show(annotator)}; accepted: {accepted}; {hint}")


def _list_names(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    more = len(found) - LISTED_NAMES
    return ", ".join(map(show, found[:LISTED_NAMES])) + (f" and {more:,} more" if more > 0 else "")


def take_majority(file: SpanFile) -> SpanFile:
    """Return a file in which the answers to a text are one document, with the spans that most of them have.

    A span counts with its label: it stays if more than half of the text's annotators gave it. The others are named.
    A text with a single annotator, or of nobody who is named, stays as it is.
    """
    groups: dict[object, list[SpanDocument]] = {}
    for number, document in enumerate(file.documents):
        key = (number,) if document.answer is None else document.answer.text_number
        groups.setdefault(key, []).append(document)
    documents = []
    outvoted: list[str] = []
    counts: Counter[str] = Counter()
    for answers in groups.values():
        if len(answers) == 1:
            documents.append(replace(answers[0], answer=None))
            continue
        document, others = _vote(answers, counts)
        documents.append(document)
        outvoted += others
    if not counts["texts"]:
        note = f"{file.path}: no text has several annotators; all spans are kept"
        return replace(file, documents=documents, notes=[*file.notes, note])
    note = (
        f"{file.path}: {counts['texts']:,} of {len(groups):,} texts have several annotators; of their spans "
        f"{counts['kept']:,}, which more than half of them marked, are kept, and {len(outvoted):,} are left out"
    )
    if counts["ties"]:
        note += f", {counts['ties']:,} of which half of them marked"
    note += f":\n{list_problems(outvoted)}" if outvoted else ""
    return replace(file, documents=documents, notes=[*file.notes, note])


def _vote(answers: Sequence[SpanDocument], counts: Counter[str]) -> tuple[SpanDocument, list[str]]:
    """Return several answers to a text as one document, and a line for each span that too few of them have."""
    first = answers[0]
    votes: dict[tuple[int, int, str], list[SpanDocument]] = {}
    spans: dict[tuple[int, int, str], Span] = {}
    for document in answers:
        for span in document.spans:
            given = votes.setdefault(span[:3], [])
            spans.setdefault(span[:3], span)
            if document not in given[-1:]:
                given.append(document)
    kept, outvoted = [], []
    for key, given in sorted(votes.items(), key=lambda vote: (vote[0][0], -vote[0][1])):
        if 2 * len(given) > len(answers):
            kept.append(spans[key])
            continue
        is_tie = 2 * len(given) == len(answers)
        counts["ties"] += is_tie
        names = _list_names(document.answer.annotator for document in given if document.answer)
        text = f"{first.quote(spans[key])}: {len(given)} of {len(answers)} annotators ({names})"
        text += ", a tie" if is_tie else ""
        outvoted.append(str(first.report(Kind.CONFLICTING_ANNOTATION, text)))
    counts["texts"] += 1
    counts["kept"] += len(kept)
    words = first.words if all(document.words == first.words for document in answers) else None
    return replace(first, spans=tuple(kept), words=words, answer=None), outvoted
