"""A redacted file and its mapping to the original."""

import hashlib
import logging
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from token_classification.data.text_lines import open_bytes
from token_classification.data.whole_files import open_whole
from token_classification.errors import DataError
from token_classification.inference.read_records import read_records
from token_classification.inference.records import BadRecord, RecordError
from token_classification.redaction.file_layout import FileLayout
from token_classification.redaction.mapping import OpenedMapping
from token_classification.redaction.redacted_record import restore_fields

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Restored:
    """What was restored."""

    records: int
    is_input: bool
    """Whether the file is the one that was redacted, byte for byte"""


def restore_file(redacted: Path, mapping: Path, key: str, target: Path) -> Restored:
    """Write the original of a redacted file; it appears whole or not at all.

    Raises:
        UserError: the key does not fit, or a file was changed, is no such file or can't be written.
    """
    digest, records = hashlib.sha256(), 0
    with open_bytes(mapping) as file:
        opened = OpenedMapping(file, mapping, key)
        layout = FileLayout.load(opened.about["layout"])
        found = read_records(str(redacted), layout.format, layout.column)
        with open_whole(target) as output:
            waiting = layout.encode_start()
            for record, entry in zip_longest(found, opened.iterate_entries()):
                place = f"{redacted}:{getattr(record, 'line', records + 1)}"
                if record is None or entry is None or isinstance(record, BadRecord):
                    raise DataError(
                        f"{place}: the redacted file and its mapping {mapping} do not have the same records; "
                        "accepted: both files of one run, unchanged; restore from unchanged copies"
                    )
                output.write(waiting)
                digest.update(waiting)
                try:
                    waiting = layout.encode(restore_fields(record, entry, place), record.column)
                except RecordError as error:
                    raise DataError(f"{place}: the original can't be written ({error})") from None
                records += 1
            if records and not layout.is_ended:
                waiting = waiting.removesuffix(layout.line_end.encode())
            output.write(waiting)
            digest.update(waiting)
    return Restored(records, digest.hexdigest() == opened.about["input"])
