"""What a person decided about the candidates of an audit, and the corrected file that it makes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from token_classification.checking.copies import copy_lines, name_copy, name_diff
from token_classification.checking.files import CheckedFile, ColumnChoice
from token_classification.checking.repair_plan import RepairPlan
from token_classification.data.entities import Entity
from token_classification.data.results_folder import check_own_files, claim_files
from token_classification.data.scheme_conversion import spell_sentence
from token_classification.data.schemes import UNNAMED, Scheme, has_bare_tags
from token_classification.data.whole_files import write_file_set
from token_classification.errors import DataError
from token_classification.scoring.error_classes import find_scored_entities

ACCEPTED = "decisions.json as audit.html saves it, or audit.json with decisions"


class Choice(StrEnum):
    """What becomes of a label."""

    ACCEPT = "accept"
    """The suggestion takes its place"""
    REJECT = "reject"
    """It stays"""
    EDIT = "edit"
    """Something else takes its place"""


@dataclass(frozen=True)
class Decision:
    """What takes the place of the label of some words."""

    number: int
    """That of the candidate"""
    row: int
    """The sentence"""
    old: list[Entity]
    new: list[Entity]


def read_decisions(path: Path, sha256: str, sentences: int) -> list[Decision]:
    """Read the decisions that change something.

    Args:
        path: `decisions.json` as the page gives it, or `audit.json` with decisions written into it.
        sha256: Checksum of the file that is corrected.
        sentences: How many sentences it has.

    Raises:
        DataError: it is neither, or was made for another file.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        found, candidates = record["sha256"], record["candidates"]
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror}); accepted: {ACCEPTED}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DataError(f"{path}: no decisions of an audit; accepted: {ACCEPTED}") from None
    if found != sha256:
        raise DataError(
            f"{path}: made for another file, or the file has changed since; accepted: the file that was audited; "
            "restore it, or audit it again"
        )
    decisions = []
    for place, candidate in enumerate(candidates, 1):
        try:
            decision = _read_decision(candidate)
            if decision is None:
                continue
            if not 0 <= decision.row < sentences:
                raise ValueError(f"sentence {decision.row}")
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path}: candidate {place}: can't be read ({type(error).__name__}: {error!s:.200}); accepted as "
                '"decision": null, "accept", "reject", and "edit" with "entities"; decide again in audit.html'
            ) from None
        decisions.append(decision)
    return decisions


def _read_decision(candidate: Mapping[str, Any]) -> Decision | None:
    """Return what a candidate changes; None if nothing was decided, or that the label stays."""
    if candidate["decision"] is None or Choice(candidate["decision"]) == Choice.REJECT:
        return None
    is_edited = candidate["decision"] == Choice.EDIT
    new = candidate["entities" if is_edited else "suggestion"]
    sides = [[_read_entity(entity) for entity in side] for side in (candidate["label"], new)]
    return Decision(int(candidate["number"]), int(candidate["sentence"]), *sides)


def _read_entity(entity: Mapping[str, Any]) -> Entity:
    name, start, end = entity["type"], entity["start"], entity["end"]
    if not isinstance(name, str) or type(start) is not int or type(end) is not int or not 0 <= start < end:
        raise ValueError(f"entity {entity}")
    return Entity(name, start, end)


def plan_corrections(file: CheckedFile, scheme: Scheme, decisions: Sequence[Decision], source: Path) -> RepairPlan:
    """Return the tags of the sentences that change.

    Args:
        file: The file as it is.
        scheme: How its entities are spelt.
        decisions: What changes.
        source: What messages call the decisions.

    Raises:
        DataError: a decision does not fit the file, or another one.
    """
    plan = RepairPlan()
    is_bare = has_bare_tags(tag for tags in file.sentences.gold for tag in tags)
    entities: dict[int, list[Entity]] = {}
    for decision in decisions:
        row = decision.row
        gold = file.sentences.gold[row]
        found = entities.setdefault(row, find_scored_entities(gold, scheme))
        if not set(decision.old) <= set(found):
            raise _refuse(source, decision, file, "the file has other labels there")
        changed = sorted([*(set(found) - set(decision.old)), *decision.new], key=lambda entity: entity.start)
        ends = [0, *(entity.end for entity in changed)]
        if ends[-1] > len(gold) or any(entity.start < end for entity, end in zip(changed, ends, strict=False)):
            raise _refuse(source, decision, file, "its entities overlap others, or are longer than the sentence")
        entities[row] = changed
        plan.counts["label"] += 1
    for row, changed in entities.items():
        plan.tags[row] = respell(file.sentences.gold[row], changed, scheme, is_bare)
    return plan


def respell(gold: Sequence[str], entities: Sequence[Entity], scheme: Scheme, is_bare: bool) -> list[str]:
    """Return the tags of a sentence with other entities; where an entity stays, its tags stay as they were written.

    Args:
        gold: The tags as they are.
        entities: All that the sentence is to have, sorted by position.
        scheme: How they are spelt.
        is_bare: Whether tags are prefixes without a type.
    """
    if scheme == Scheme.PLAIN:
        tags = {entity.start: entity.type for entity in entities}
        return [tags.get(place, tag) for place, tag in enumerate(gold)]
    named = [entity._replace(type="") if is_bare and entity.type == UNNAMED else entity for entity in entities]
    spelt = spell_sentence(named, len(gold), scheme)
    before, after = (_list_owners(side, len(gold)) for side in (find_scored_entities(gold, scheme), entities))
    is_changed = [old != new for old, new in zip(before, after, strict=True)]
    # A first word is spelt by what stands before it, too.
    return [
        spelt[place] if is_changed[place] or (place and is_changed[place - 1]) else tag
        for place, tag in enumerate(gold)
    ]


def _list_owners(entities: Sequence[Entity], words: int) -> list[Entity | None]:
    owners: list[Entity | None] = [None] * words
    for entity in entities:
        owners[entity.start : entity.end] = [entity] * (entity.end - entity.start)
    return owners


def _refuse(source: Path, decision: Decision, file: CheckedFile, problem: str) -> DataError:
    return DataError(
        f"{source}: candidate {decision.number} ({file.place(decision.row)}): {problem}; accepted: entities of one "
        "sentence that share no word; decide again in audit.html"
    )


def write_corrected(file: CheckedFile, plan: RepairPlan, columns: ColumnChoice, folder: Path) -> tuple[Path, Path]:
    """Write the corrected copy of a file, and what changes as a diff; return both paths.

    Raises:
        UserError: they would take the place of somebody's files, or can't be written.
    """
    copy = copy_lines(file, plan, columns, repairs_layout=False)
    names = list_copies(file.path)
    check_own_files(folder, names, "give another -r")
    claim_files(folder, names)
    diff = copy.format_diff(str(file.path), str(folder / copy.name))
    write_file_set(folder, dict(zip(names, (copy.text, diff), strict=True)))
    return folder / names[0], folder / names[1]


def list_copies(path: Path) -> tuple[str, str]:
    """Return the names of the corrected copy of a file and of its diff."""
    return name_copy(path), name_diff(name_copy(path))
