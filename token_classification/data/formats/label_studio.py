"""Label Studio: its exports, JSON and JSON-MIN, and tasks for it to import, with annotations or with predictions.

Offsets count code points, as its editor does; older versions counted UTF-16 units, which shows in the spans.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby
from pathlib import Path

from token_classification.data.formats.json_kinds import MIN_MARKS, SPAN_TEXT_COLUMNS
from token_classification.data.formats.json_lines import Records, load_records
from token_classification.data.formats.label_studio_tasks import (
    Choice,
    Result,
    Task,
    choose_results,
    list_regions,
    merge_minimal_records,
)
from token_classification.data.formats.record_columns import explain_missing_column
from token_classification.data.formats.records import has_lone_surrogate, name_value
from token_classification.data.formats.span_records import (
    RecordWriter,
    choose_id_column,
    describe_id,
    read_id,
    read_text_field,
)
from token_classification.data.problems import BrokenFileError, Kind, Problem
from token_classification.data.spans.document import Span, SpanDocument, SpanFile, Written
from token_classification.errors import DataError

NAMES = "label_studio"
"""Where a document keeps the names of its project's tags, where they are not the usual ones"""
USUAL_NAMES = {"from_name": "label", "to_name": "text", "value": "text"}
"""Of `<Labels name="label" toName="text">` and `<Text name="text" value="$text"/>`, as in the project template"""
LABEL_KEYS = ("labels", "hypertextlabels")


@dataclass(frozen=True)
class _Control:
    """A tag of the project's configuration whose labels are read, and the field that holds its text."""

    from_name: str
    to_name: str
    text_column: str

    def list_unusual_names(self) -> dict[str, object]:
        """Return the field of a document that keeps the names, none for the usual ones."""
        found = {"from_name": self.from_name, "to_name": self.to_name, "value": self.text_column}
        return {} if found == USUAL_NAMES else {NAMES: found}


def read_label_studio(
    path: Path, text_column: str | None = None, label_column: str | None = None, annotator: str | None = None
) -> SpanFile:
    """Return the labelled tasks of an export, or all tasks if nobody and no model has labelled any.

    Args:
        path: JSON or JSON-MIN.
        text_column: The field of a task's data that holds the text.
        label_column: The name of the tag (`<Labels name=...>`) whose labels are taken.
        annotator: Whose annotations are taken, or `majority` for a document of each annotator of a task.

    Raises:
        DataError: it is no JSON, or the tag, the text or the annotator is not there.
    """
    records, problems = load_records(path)
    tasks, wrong = _list_tasks(records, path)
    problems += wrong
    if not tasks:
        return SpanFile(path, [], problems)
    chosen = choose_results(tasks, path, annotator)
    control, notes = _choose_control(chosen, path, text_column, label_column)
    file = SpanFile(path, [], problems, is_labelled=chosen.is_labelled, notes=[*chosen.notes, *notes])
    for result in chosen.results:
        document, wrong = _read_task(result, control, path, is_predicted=chosen.is_predicted)
        problems += wrong
        if document:
            file.documents.append(document)
    return file


def read_label_studio_texts(path: Path, text_column: str | None = None) -> Iterator[SpanDocument | DataError]:
    """Yield the texts of all tasks, labelled or not, without spans; in place of a broken one, the error.

    Raises:
        DataError: it is no JSON, or the text is not there.
    """
    records, problems = load_records(path)
    tasks, wrong = _list_tasks(records, path)
    yield from (BrokenFileError([problem], None) for problem in problems + wrong)
    if not tasks:
        return
    # What is labelled already tells how the project calls its tags.
    texts = [Result(task, None) for task in tasks]
    everything = Choice([*choose_results(tasks, path).results, *texts])
    control, _ = _choose_control(everything, path, text_column, None)
    for result in texts:
        document, wrong = _read_task(result, control, path, is_predicted=False)
        yield document or BrokenFileError(wrong, None)


def _list_tasks(records: Records, path: Path) -> tuple[list[Task], list[Problem]]:
    """Return the tasks of an export; records of JSON-MIN with one id are one task with several annotations."""
    if any(name in record for _, record in records for name in MIN_MARKS) or not any(
        "data" in record for _, record in records
    ):
        return merge_minimal_records(records), []
    tasks, problems = [], []
    for line, record in records:
        data = record.get("data")
        if isinstance(data, dict):
            tasks.append(Task(line, record, data))
        else:
            text = f"'data' is {name_value(data)}; accepted: the fields of the task; export the project anew"
            problems.append(Problem(Kind.BROKEN_RECORD, path, line, text))
    return tasks, problems


def _choose_control(
    chosen: Choice, path: Path, text_column: str | None, label_column: str | None
) -> tuple[_Control, list[str]]:
    """Return the tag whose labels are read, and notes on what else there is.

    Raises:
        DataError: the tag, or a field with the texts, is not there.
    """
    counts: Counter[tuple[str, str]] = Counter()
    others: Counter[str] = Counter()
    for result in chosen.results:
        for region in list_regions(result.regions):
            if _find_labels(region) is None:
                others[str(region.get("type", "unknown"))] += 1
            else:
                counts[str(region.get("from_name")), str(region.get("to_name"))] += 1
    names = [name for name, _ in counts]
    if label_column is not None and label_column not in names:
        message = explain_missing_column("spans", names, label_column, path, names or ["label"], "--label_column_name")
        raise DataError(message)
    ranked = [pair for pair, _ in counts.most_common() if label_column in (None, pair[0])]
    ranked.sort(key=lambda pair: pair[1] != text_column)
    from_name, to_name = ranked[0] if ranked else (USUAL_NAMES["from_name"], USUAL_NAMES["to_name"])
    column = _choose_text_column(chosen, to_name, path, text_column)
    notes = [
        f"{path}: labels of {from_name!r} on {to_name!r} are read; {number:,} of {name!r} on {target!r} are left out: "
        f"for those, --label_column_name {name} --text_column_name FIELD"
        for (name, target), number in counts.items()
        if (name, target) != (from_name, to_name)
    ]
    if others:
        listed = ", ".join(f"{number:,} {name}" for name, number in others.items())
        notes.append(f"{path}: what marks no span is left out: {listed}")
    return _Control(from_name, to_name, column), notes


def _choose_text_column(chosen: Choice, to_name: str, path: Path, asked: str | None) -> str:
    """Return the field that holds the texts.

    Raises:
        DataError: it is not there, or there are several that might be meant.
    """
    fields = [result.task.data for result in chosen.results]
    found = list(dict.fromkeys(name for data in fields for name, value in data.items() if isinstance(value, str)))
    everywhere = [name for name in found if all(isinstance(data.get(name), str) for data in fields)]
    if asked is not None and asked in found:
        return asked
    likely = [name for name in (to_name, *SPAN_TEXT_COLUMNS) if name in found]
    if asked is None and (likely or len(everywhere) == 1):
        return (likely or everywhere)[0]
    accepted = (to_name, *SPAN_TEXT_COLUMNS)
    raise DataError(explain_missing_column("texts", found, asked, path, accepted, "--text_column_name"))


def _read_task(
    result: Result, control: _Control, path: Path, *, is_predicted: bool
) -> tuple[SpanDocument | None, list[Problem]]:
    """Return a task as a document, and what is wrong with it."""
    task, regions = result.task, result.regions
    text, wrong = read_text_field(task.data, control.text_column)
    meta = {name: value for name, value in task.data.items() if name != control.text_column}
    doc_id = read_id(task.data) or read_id(task.record)
    meta |= control.list_unusual_names()
    document = SpanDocument(text, (), path, task.line, doc_id, meta=meta, answer=result.answer)
    if wrong:
        return None, [document.report(Kind.BROKEN_RECORD, wrong)]
    if regions is not None and not isinstance(regions, list):
        wrong = f"'result' is {name_value(regions)}; accepted: a list of regions; export the project anew"
        return None, [document.report(Kind.BROKEN_RECORD, wrong)]
    spans: list[Span] = []
    problems = []
    for region in list_regions(regions):
        named = (str(region.get("from_name")), str(region.get("to_name")))
        if _find_labels(region) is None or named != (control.from_name, control.to_name):
            continue
        found = _read_region(region, text, is_predicted=is_predicted)
        if isinstance(found, str):
            problems.append(document.report(Kind.BROKEN_SPAN, f"region {region.get('id')!s:.80}: {found}"))
        else:
            spans += found
    return replace(document, spans=tuple(spans)), problems


def _find_labels(region: Mapping[str, object]) -> object:
    """Return the labels of a region, None for what has none or is no stretch of something."""
    value = region.get("value")
    if not isinstance(value, dict) or "start" not in value or "end" not in value:
        return None
    key = next((name for name in (*LABEL_KEYS, str(region.get("type"))) if name in value), None)
    return [] if key is None and region.get("type") in LABEL_KEYS else value.get(key)


def _read_region(region: Mapping[str, object], text: str, *, is_predicted: bool) -> list[Span] | str:
    """Return a span for each label of a region, or what is wrong with it."""
    value, labels = region.get("value"), _find_labels(region)
    if not isinstance(value, dict) or not isinstance(labels, list) or not labels:
        return "it has no label; accepted: one or more; label or delete it in Label Studio, then export anew"
    if "startOffset" in value or "endOffset" in value:
        return (
            f"it is one of HyperText or Paragraphs: its startOffset {value.get('startOffset')} counts inside of "
            f"{value['start']!s:.80}, not in the text; accepted: regions of Text; label plain text in a <Text> tag"
        )
    places = []
    for name in ("start", "end"):
        place = value[name]
        place = int(place) if isinstance(place, str) and place.isdecimal() and place.isascii() else place
        if not isinstance(place, int) or isinstance(place, bool):
            return f"its {name} is {name_value(place)}, not a whole number; accepted: regions of <Text>"
        places.append(place)
    wrong = [name for name in labels if not isinstance(name, str) or not name.strip() or has_lone_surrogate(name)]
    if wrong:
        return f"its label is {name_value(wrong[0])}; accepted: a name; correct it and export anew"
    score = region.get("score")
    is_number = isinstance(score, int | float) and not isinstance(score, bool) and math.isfinite(score)
    surface = value.get("text")
    if isinstance(surface, str) and "\\n" in surface and "\\n" not in text:
        surface = surface.replace("\\n", "\n")  # as some versions of the editor write line ends
    whole = Span(
        places[0],
        places[1],
        "",
        float(score) if is_predicted and is_number else None,  # type: ignore[arg-type]  # a number, see above
        None if region.get("id") is None else str(region["id"]),
        surface if isinstance(surface, str) else None,
    )
    return [whole._replace(label=label) for label in labels]


def write_label_studio(documents: Sequence[SpanDocument]) -> Written:
    """Return documents as tasks that Label Studio imports.

    Spans with scores are predictions, others an annotation. A document that nobody has labelled has neither.
    """
    writer = RecordWriter()
    has_scores = any(map(_is_scored, documents))
    for document in documents:
        names = document.meta.get(NAMES)
        names = USUAL_NAMES | (names if isinstance(names, dict) else {})
        meta = {name: value for name, value in document.meta.items() if name != NAMES}
        own = describe_id(document, choose_id_column(document)) | {str(names["value"]): document.text}
        record: dict[str, object] = {"data": writer.merge(document.with_meta(meta), own)}
        result: dict[str, object] = {"result": _list_result(_name_regions(document), names)}
        if document.prediction is not None:
            score = {} if document.prediction.score is None else {"score": document.prediction.score}
            record["predictions"] = [{"model_version": document.prediction.model, **score, **result}]
        elif _is_scored(document) or (has_scores and not document.spans and document.is_labelled):
            record["predictions"] = [result]
        elif document.is_labelled:
            # What is imported without this word counts as the truth, and more than whatever is annotated later.
            record["annotations"] = [{"ground_truth": False} | result]
        writer.add_record(document, record)
    return writer.finish_list()


def _is_scored(document: SpanDocument) -> bool:
    return any(span.score is not None for span in document.spans)


def _name_regions(document: SpanDocument) -> SpanDocument:
    """Give spans of a model ids that depend on nothing else in the text, so that its next version's are the same."""
    if document.prediction is None:
        return document
    return replace(document, spans=tuple(span._replace(span_id=_name_region(span)) for span in document.spans))


def _name_region(span: Span) -> str:
    return hashlib.sha256(f"{span.start} {span.end} {span.label}".encode()).hexdigest()[:10]


def _list_result(document: SpanDocument, names: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the regions of a document; spans of one region in its file are one again."""
    result: list[dict[str, object]] = []
    taken: set[str] = set()
    named = {span.span_id for span in document.spans}
    fresh = (name for name in map("r{}".format, count(1)) if name not in named)
    for (span_id, start, end, score), group in groupby(document.spans, lambda span: (span[4], *span[:2], span[3])):
        labels = [span.label for span in group]
        is_one = span_id is not None and len(set(labels)) == len(labels)
        for part in [labels] if is_one else [[label] for label in labels]:
            region_id = next(fresh) if span_id is None or span_id in taken else span_id
            taken.add(region_id)
            region: dict[str, object] = {
                "id": region_id,
                "from_name": names["from_name"],
                "to_name": names["to_name"],
                "type": "labels",
                "value": {"start": start, "end": end, "text": document.text[start:end], "labels": part},
            }
            result.append(region | ({} if score is None else {"score": score}))
    return result
