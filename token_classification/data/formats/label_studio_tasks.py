"""The tasks of Label Studio, and which of their annotations and predictions are read."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from token_classification.data.formats.json_kinds import MIN_FIELDS, find_text_column, is_region_list
from token_classification.data.formats.json_lines import Records
from token_classification.data.spans.annotators import (
    MAJORITY,
    explain_choice,
    explain_older,
    refuse_unknown_annotator,
)
from token_classification.data.spans.document import Answer


class Task(NamedTuple):
    """A task of an export, with the line at which it stands."""

    line: int
    record: Mapping[str, object]
    data: Mapping[str, object]


class Result(NamedTuple):
    """The regions of one annotation or prediction of a task."""

    task: Task
    regions: object
    """None: nobody labelled any"""
    answer: Answer | None = None
    """Who made it, where those of all annotators are read"""


@dataclass
class Choice:
    """What is read."""

    results: list[Result] = field(default_factory=list)
    is_labelled: bool = True
    is_predicted: bool = False
    notes: list[str] = field(default_factory=list)


def list_regions(result: object) -> Iterator[Mapping[str, object]]:
    """Yield the regions of a result, and whatever else it lists."""
    if isinstance(result, list):
        yield from (item for item in result if isinstance(item, dict))


def merge_minimal_records(records: Records) -> list[Task]:
    """Return the tasks of JSON-MIN, which has a record for each annotation; those of one id belong to one task."""
    tasks: dict[object, Task] = {}
    for number, (line, record) in enumerate(records):
        task_id = record.get("id")
        key = (type(task_id), task_id) if isinstance(task_id, str | int) else (None, number)
        text_column = find_text_column(record)
        result: list[object] = []
        data = {}
        for name, value in record.items():
            if isinstance(value, list) and is_region_list(value):
                result += [_make_region(name, text_column, item) for item in value]
            elif name not in MIN_FIELDS:
                data[name] = value
        annotation = {
            "result": result,
            "completed_by": record.get("annotator"),
            "created_at": record.get("created_at"),
            "updated_at": record.get("updated_at"),
        }
        # An export of all tasks has records of those that nobody has annotated, without the number of an annotation.
        is_waiting = not result and "annotation_id" in record and record["annotation_id"] is None
        task = tasks.setdefault(key, Task(line, {"id": task_id, "annotations": []}, data))
        if not is_waiting:
            task.record["annotations"].append(annotation)  # type: ignore[attr-defined]  # the list made above
    return list(tasks.values())


def _make_region(name: str, text_column: str | None, item: object) -> dict[str, object]:
    return {"from_name": name, "to_name": text_column or "text", "type": "labels", "value": item}


def choose_results(tasks: Sequence[Task], path: Path, annotator: str | None = None) -> Choice:
    """Choose what is read: annotations, without any the predictions, without these the texts alone.

    Of several annotations of a task it is the ground truth, else the newest; of the annotator who is asked for that
    one; for a vote (`majority`) one of each annotator. Skipped ones are none.

    Raises:
        DataError: there is no such annotator.
    """
    found = _Found()
    for number, task in enumerate(tasks):
        found.add(number, task, annotator)
    if annotator is not None:
        refuse_unknown_annotator(annotator, found.names, path)
    counts = found.counts
    if found.annotated:
        choice = Choice(found.annotated, notes=_explain_annotators(found, path, annotator))
        read = counts["annotated"]
    elif found.predicted:
        choice = Choice(found.predicted, is_predicted=True, notes=[_explain_predictions(found, path)])
        read = len(found.predicted)
    elif counts["skipped"]:
        choice, read = Choice(), 0
    else:
        return Choice([Result(task, None) for task in tasks], is_labelled=False, notes=_explain_numbers(tasks, path))
    if counts["skipped"]:
        choice.notes.append(f"{path}: {counts['skipped']:,} tasks that were skipped (cancelled) are left out")
    if missing := len(tasks) - read - counts["skipped"] - counts["of others"]:
        choice.notes.append(f"{path}: {missing:,} tasks that nobody has annotated are left out")
    return choice


@dataclass
class _Found:
    """What an export holds."""

    annotated: list[Result] = field(default_factory=list)
    predicted: list[Result] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    names: dict[str, None] = field(default_factory=dict)
    """What the annotators are called"""
    versions: set[str] = field(default_factory=set)
    """Of the models that predicted"""

    def add(self, number: int, task: Task, annotator: str | None) -> None:
        """Add a task, with those of its annotations that are asked for."""
        listed = _list_items(task, "annotations") or _list_items(task, "completions")
        kept = [item for item in listed if not (item.get("was_cancelled") or item.get("skipped"))]
        predictions = _list_items(task, "predictions")
        if kept:
            answers = _choose_annotations(kept, annotator)
            self.annotated += [
                Result(task, item.get("result"), None if name is None else Answer(number, name))
                for item, name in answers
            ]
            self.names.update((name, None) for item in kept for name in _name_annotator(item))
            self.counts["several annotations"] += len(kept) > 1
            self.counts["annotated" if answers else "of others"] += 1
            self.counts["older"] += len(kept) - len(answers) if annotator == MAJORITY else 0
        elif listed:
            self.counts["skipped"] += 1
        elif predictions:
            self.predicted.append(Result(task, _choose_annotation(predictions).get("result")))
            self.counts["several predictions"] += len(predictions) > 1
            self.versions |= {str(item.get("model_version") or "unnamed") for item in predictions}


def _list_items(task: Task, name: str) -> list[Mapping[str, object]]:
    """Return the annotations or predictions of a task; some exports list only their ids."""
    listed = task.record.get(name)
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _choose_annotations(
    items: Sequence[Mapping[str, object]], annotator: str | None
) -> list[tuple[Mapping[str, object], str | None]]:
    """Return the annotations of a task that are read, those for a vote with the names of their annotators."""
    if annotator is None:
        return [(_choose_annotation(items), None)]
    by_name: dict[str, list[Mapping[str, object]]] = {}
    for number, item in enumerate(items, 1):
        names = _name_annotator(item) or [f"annotation {number}"]
        if annotator == MAJORITY or annotator in names:
            by_name.setdefault(names[0] if annotator == MAJORITY else annotator, []).append(item)
    return [(_choose_annotation(mine), name if annotator == MAJORITY else None) for name, mine in by_name.items()]


def _name_annotator(item: Mapping[str, object]) -> list[str]:
    """Return what the annotator of an annotation is called: the address, where it is there, and the number."""
    found = item.get("completed_by")
    values = [found.get("email"), found.get("id")] if isinstance(found, dict) else [found]
    return [str(value) for value in values if isinstance(value, str | int) and value != ""]


def _choose_annotation(items: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    def rank(place: int) -> tuple[bool, str, int]:
        item = items[place]
        return item.get("ground_truth") is True, str(item.get("updated_at") or item.get("created_at") or ""), place

    return items[max(range(len(items)), key=rank)]


def _explain_annotators(found: _Found, path: Path, annotator: str | None) -> list[str]:
    """Say which of several annotations are read; of a vote says so whoever counts the votes."""
    several, others = found.counts["several annotations"], found.counts["of others"]
    if annotator is None and several:
        return [
            f"{path}: {several:,} tasks have several annotations; the ground truth of each is read, or else the "
            f"newest; {explain_choice(found.names)}"
        ]
    if annotator not in (None, MAJORITY) and others:
        return [f"{path}: {others:,} tasks that {annotator} has not annotated are left out"]
    return explain_older(path, found.counts["older"])


def _explain_numbers(tasks: Sequence[Task], path: Path) -> list[str]:
    count = sum(bool(task.record.get("predictions")) for task in tasks)
    options = '{"serialization_options": {"predictions": {"only_id": false}}}'
    text = (
        f"{path}: {count:,} tasks have predictions, of which this export has only the numbers; for them all, make "
        f"a snapshot of the project: POST {options} to /api/projects/NUMBER/exports"
    )
    return [text] if count else []


def _explain_predictions(found: _Found, path: Path) -> str:
    names = ", ".join(sorted(found.versions))
    text = (
        f"{path}: nobody has annotated a task; read are the predictions of {len(found.predicted):,} (model: {names})"
    )
    return text + ("; of several the newest" if found.counts["several predictions"] else "")
