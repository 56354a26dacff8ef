"""Names of files for formats with a file, or several, for each document."""

import re
from collections.abc import Sequence

from token_classification.data.spans.document import SpanDocument

FILE_NAME = re.compile(r"[\w(][\w .()+,=@-]{0,99}")
"""Names of documents that can be names of files everywhere"""
TAKEN = "annotation"
"""What no document is called: brat's configuration is"""


def name_documents(documents: Sequence[SpanDocument]) -> tuple[list[str], list[str]]:
    """Return the names of documents as files, their numbers if not each has its own; and a note if so."""
    names = [document.doc_id or "" for document in documents]
    is_each_sound = all(FILE_NAME.fullmatch(name) and name != TAKEN for name in names)
    if is_each_sound and len({name.casefold() for name in names}) == len(names):
        return names, []
    width = len(str(len(documents)))
    note = "documents are called by their numbers: not each has its own name, or one for a file"
    return [f"{number:0{width}}" for number in range(1, len(documents) + 1)], [note]
