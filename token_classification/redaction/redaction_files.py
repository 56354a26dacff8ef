"""The files of a redacted input: the redacted records, an encrypted mapping, and the lines that could not be read."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.data.levels import Labels
from token_classification.data.schemes import Scheme
from token_classification.data.text_lines import open_bytes
from token_classification.errors import UserError
from token_classification.inference.answer_files import Encoded
from token_classification.inference.answers import Answer
from token_classification.inference.entities import list_entity_labels
from token_classification.inference.predictor import Predictor
from token_classification.inference.progress import PARTIAL, AppendedFile, Progress
from token_classification.inference.records import BadRecord, RecordError
from token_classification.redaction.file_layout import FileLayout
from token_classification.redaction.leaks import count_leaks, find_gold
from token_classification.redaction.redacted_record import RedactedRecord, redact_record
from token_classification.redaction.redacted_text import choose_spans, replace_spans
from token_classification.redaction.substitutes import Naming

if TYPE_CHECKING:
    from token_classification.redaction.mapping import Sealer

MAPPING_NAME, ERRORS_NAME = "redacted.mapping", "redacted.errors.jsonl"
UNREADABLE = "can't be read or written, so nothing of it is in the results; infer tells why, and shows how it begins"


def name_redacted(layout: FileLayout) -> str:
    """Return the name of the redacted file."""
    return f"redacted.{'txt' if layout.format == 'text' else layout.format}"


def check_labels(labels: Iterable[str] | None, predictor: Predictor) -> frozenset[str] | None:
    """Return the labels of what is replaced; None: all.

    Raises:
        UserError: one that the model does not have, of which nothing would be replaced.
    """
    if labels is None:
        return None
    chosen, known = frozenset(labels), list_entity_labels(predictor.engine.labels)
    if unknown := sorted(chosen - set(known)):
        raise UserError(f"--labels {unknown[0]}: the model has no such label; accepted are {', '.join(known)}")
    return chosen


@dataclass
class RedactionFiles:
    """Writes answers as redacted records; see `AnswerWriter`."""

    layout: FileLayout
    naming: Naming
    labels: frozenset[str] | None = None
    """What is replaced; None: entities of all labels"""
    mapping_key: str | None = None
    """What the mapping is sealed with; None: there is none"""
    input_hash: str = ""
    """The SHA-256 of the input; empty where it can be read only once"""
    errors_name: str = ERRORS_NAME
    _scheme: Scheme = field(default=Scheme.IOB2, init=False)
    _sealer: "Sealer | None" = field(default=None, init=False)

    @property
    def output_name(self) -> str:
        """The redacted file."""
        return name_redacted(self.layout)

    @property
    def kept_names(self) -> Sequence[str]:
        """The redacted file, and the mapping."""
        return (self.output_name, MAPPING_NAME) if self.mapping_key else (self.output_name,)

    @property
    def appended_names(self) -> Sequence[str]:
        """The same: both grow with the input."""
        return self.kept_names

    def describe(self) -> dict[str, str]:
        """Describe what the files depend on; of the secret only what tells it from another one."""
        naming = self.naming
        return {
            "redaction": naming.mode,
            "labels": "all" if self.labels is None else ", ".join(sorted(self.labels)),
            "scope": naming.scope,
            "names": naming.inventor.describe() if naming.inventor else "",
            "secret": hashlib.sha256(naming.secret).hexdigest()[:8] if naming.secret else "",
            "mapping": str(self.mapping_key is not None),
            "layout": json.dumps(self.layout.dump()),
        }

    def prepare(self, predictor: Predictor, folder: Path, progress: Progress) -> None:
        """Refuse labels that the model does not have, and begin the mapping or go on with it.

        Raises:
            UserError: a label, or a mapping that can't be continued.
        """
        check_labels(self.labels, predictor)
        self._scheme = predictor.engine.labels.scheme
        if self.mapping_key is None:
            return
        from token_classification.redaction.mapping import OpenedMapping, Sealer

        if progress.sizes.get(MAPPING_NAME, 0) == 0:
            self._sealer = Sealer.new(self.mapping_key)
            return
        begun = folder / f"{MAPPING_NAME}{PARTIAL}"
        with open_bytes(begun) as file:
            self._sealer = OpenedMapping(file, begun, self.mapping_key).sealer

    def encode(self, answers: Sequence[Answer], sizes: Mapping[str, int]) -> Encoded:
        """Redact some answers."""
        parts, entries, written, unwritable = [], [], [], []
        tallies: Counter[str] = Counter()
        for answer in answers:
            try:
                redacted, counts = self._redact(answer)
                part = self.layout.encode(redacted.fields, redacted.column)
            except (RecordError, ValueError, OverflowError, RecursionError):
                unwritable.append(BadRecord(answer.record.line, UNREADABLE, ""))
                continue
            parts.append(part)
            entries.append(redacted.entry)
            written.append(answer)
            tallies.update(counts)
        start = b"" if sizes.get(self.output_name) else self.layout.encode_start()
        contents = {self.output_name: start + b"".join(parts)}
        if self._sealer is not None:
            contents[MAPPING_NAME] = self._seal(entries, sizes.get(MAPPING_NAME, 0))
        return Encoded(contents, written, unwritable, tallies)

    def encode_error(self, record: BadRecord) -> bytes:
        """Encode where a bad record is, and nothing of what stands in it."""
        return json.dumps({"line": record.line, "reason": UNREADABLE}).encode() + b"\n"

    def finish(self, folder: Path, progress: Progress, labels: Labels) -> None:
        """End the files as the input ends, and seal the end of the mapping."""
        sizes = progress.sizes
        output = folder / f"{self.output_name}{PARTIAL}"
        if not sizes.get(self.output_name):
            self._append(output, 0, self.layout.encode_start())
        elif not self.layout.is_ended:
            self._cut_last_line_end(output, folder, progress)
        if self._sealer is not None:
            size = sizes.get(MAPPING_NAME, 0)
            start = b"" if size else self._seal([], 0)
            end = json.dumps({"records": progress.records - progress.bad_records}).encode()
            end = self._sealer.seal(end, size + len(start), is_last=True)
            self._append(folder / f"{MAPPING_NAME}{PARTIAL}", size, start + end)

    def _redact(self, answer: Answer) -> tuple[RedactedRecord, Counter[str]]:
        text = answer.tagged.text
        spans = choose_spans(answer.entities, self.labels)
        redacted = replace_spans(text, spans, self.naming.substitute(text, spans, answer.record.line))
        blank = "" if self.layout.format == "csv" else None
        record = redact_record(answer, spans, redacted, blank)
        counts: Counter[str] = Counter(f"replaced.{span.label}" for span in spans)
        counts["redacted_documents"] = bool(spans)
        counts["records_with_fields_left_out"] = bool(record.left_out)
        if (gold := find_gold(answer.record)) is not None:
            counts.update(count_leaks(answer, gold, spans, self._scheme, self.labels))
        return record, counts

    def _seal(self, entries: Sequence[Mapping[str, object]], size: int) -> bytes:
        """Return what the mapping grows by, with its beginning if there is nothing of it yet."""
        from token_classification.redaction.mapping import encode_entries

        sealer = self._sealer
        if sealer is None:
            raise ValueError("a mapping that was not begun")
        start = b""
        if size == 0:
            about = {"layout": self.layout.dump(), "input": self.input_hash}
            start = sealer.header + sealer.seal(json.dumps(about).encode(), len(sealer.header))
        return start + (sealer.seal(encode_entries(entries), size + len(start)) if entries else b"")

    def _append(self, path: Path, size: int, content: bytes) -> None:
        with AppendedFile(path, size) as file:
            file.append(content)
            file.flush()

    def _cut_last_line_end(self, output: Path, folder: Path, progress: Progress) -> None:
        """Cut the last line end, which the input does not have; a text never ends with one, so none is cut twice."""
        with open(output, "rb") as file:
            file.seek(-len(self.layout.line_end), os.SEEK_END)
            ends = file.read() == self.layout.line_end.encode()
        if ends:
            progress.sizes[self.output_name] -= len(self.layout.line_end)
            progress.write(folder)
            os.truncate(output, progress.sizes[self.output_name])
