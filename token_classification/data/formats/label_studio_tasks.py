"""The tasks of Label Studio, and which of their annotations and predictions are read."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from token_classification.data.formats.json_kinds import MIN_FIELDS, find_text_column, is_region_list
from token_classification.data.formats.json_lines import Records
from token_classification.output_text import quote_path


class Task(NamedTuple):
    """A task of an export, with the line at which it stands."""

    line: int
    record: Mapping[str, object]
    data: Mapping[str, object]
    is_minimal: bool = False


@dataclass
class Choice:
    """Which tasks are read, each with the regions of one annotation or prediction (None: nobody labelled any)."""

    results: list[tuple[Task, object]] = field(default_factory=list)
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
        if key in tasks:
            tasks[key].record["annotations"].append(annotation)  # type: ignore[attr-defined]  # the list made below
        else:
            tasks[key] = Task(line, {"id": task_id, "annotations": [annotation]}, data, is_minimal=True)
    return list(tasks.values())


def _make_region(name: str, text_column: str | None, item: object) -> dict[str, object]:
    return {"from_name": name, "to_name": text_column or "text", "type": "labels", "value": item}


def choose_results(tasks: Sequence[Task], path: Path) -> Choice:
    """Choose what is read: annotations, without any the predictions, without these the texts alone.

    Of several annotations of a task it is the ground truth, else the newest. Skipped ones are none.
    """
    annotated: list[tuple[Task, object]] = []
    predicted: list[tuple[Task, object]] = []
    counts: Counter[str] = Counter()
    versions: set[str] = set()
    for task in tasks:
        listed = _list_items(task, "annotations") or _list_items(task, "completions")
        kept = [item for item in listed if not (item.get("was_cancelled") or item.get("skipped"))]
        predictions = _list_items(task, "predictions")
        if kept:
            annotated.append((task, _choose_annotation(kept).get("result")))
            counts["several annotations"] += len(kept) > 1
        elif listed:
            counts["skipped"] += 1
        elif predictions:
            predicted.append((task, _choose_annotation(predictions).get("result")))
            counts["several predictions"] += len(predictions) > 1
            versions |= {str(item.get("model_version") or "unnamed") for item in predictions}
    if annotated:
        choice = Choice(annotated, notes=_explain_several(counts, tasks, path))
    elif predicted:
        names = ", ".join(sorted(versions))
        text = f"{path}: nobody has annotated a task; read are the predictions of {len(predicted):,} (model: {names})"
        text += "; of several the newest" if counts["several predictions"] else ""
        choice = Choice(predicted, is_predicted=True, notes=[text])
    elif counts["skipped"]:
        choice = Choice()
    else:
        return Choice([(task, None) for task in tasks], is_labelled=False)
    missing = len(tasks) - len(choice.results) - counts["skipped"]
    if counts["skipped"]:
        choice.notes.append(f"{path}: {counts['skipped']:,} tasks that were skipped (cancelled) are left out")
    if missing:
        choice.notes.append(f"{path}: {missing:,} tasks that nobody has annotated are left out")
    return choice


def _list_items(task: Task, name: str) -> list[Mapping[str, object]]:
    """Return the annotations or predictions of a task; some exports list only their ids."""
    listed = task.record.get(name)
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _choose_annotation(items: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    def rank(place: int) -> tuple[bool, str, int]:
        item = items[place]
        return item.get("ground_truth") is True, str(item.get("updated_at") or item.get("created_at") or ""), place

    return items[max(range(len(items)), key=rank)]


def _explain_several(counts: Mapping[str, int], tasks: Sequence[Task], path: Path) -> list[str]:
    if not counts["several annotations"]:
        return []
    choice = "map(.annotations |= map(select((.completed_by | .id? // .) == 1)))"
    if tasks[0].is_minimal:
        choice = "map(select(.annotator == 1))"
    return [
        f"{path}: {counts['several annotations']:,} tasks have several annotations; the ground truth of each is read, "
        f"or else the newest; for those of one annotator: jq '{choice}' {quote_path(path)} > ONE.json"
    ]
