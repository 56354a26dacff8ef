"""A mapping opens with its key only, and only as it was written."""

import io
import random
from pathlib import Path

import pytest

from token_classification.errors import UserError
from token_classification.redaction.mapping import HEADER_BYTES, OpenedMapping, Sealer

pytestmark = pytest.mark.usefixtures("cheap_scrypt")


def write_mapping(key: str = "key") -> bytes:
    sealer = Sealer.new(key)
    content = sealer.header
    for part in (b'{"layout": 1}', b'{"n": "Anna"}\n{"n": 2}\n', b'{"n": 3}\n'):
        content += sealer.seal(part, len(content))
    return content + sealer.seal(b'{"records": 3}', len(content), is_last=True)


def read_mapping(content: bytes, key: str = "key") -> list[dict]:
    return [*OpenedMapping(io.BytesIO(content), Path("a.mapping"), key).iterate_entries()]


def test_entries_come_back():
    content = write_mapping()
    assert read_mapping(content) == [{"n": "Anna"}, {"n": 2}, {"n": 3}]
    assert b"Anna" not in content
    assert write_mapping() != content


def test_another_key_does_not_open_it():
    with pytest.raises(UserError, match="the key does not fit"):
        read_mapping(write_mapping(), "another key")


def test_no_byte_can_be_changed_and_none_left_out():
    content, draw = write_mapping(), random.Random(1)
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << draw.randrange(8)
        with pytest.raises(UserError):
            read_mapping(bytes(changed))
    for size in range(len(content)):
        with pytest.raises(UserError):
            read_mapping(content[:size])
    with pytest.raises(UserError, match="was changed"):
        read_mapping(content + b"x")


def test_frames_can_be_neither_swapped_nor_dropped():
    sealer = Sealer.new("key")
    parts = [b'{"layout": 1}', b'{"n": 1}\n', b'{"n": 2}\n']
    sealed, place = [], HEADER_BYTES
    for part in parts:
        sealed.append(sealer.seal(part, place))
        place += len(sealed[-1])
    end = sealer.seal(b'{"records": 2}', place, is_last=True)
    assert read_mapping(sealer.header + b"".join(sealed) + end) == [{"n": 1}, {"n": 2}]
    for frames in ([sealed[0], sealed[2], sealed[1], end], [sealed[0], sealed[1], end], [sealed[0], end]):
        with pytest.raises(UserError, match="was changed"):
            read_mapping(sealer.header + b"".join(frames))


@pytest.mark.parametrize(("content", "message"), [(b"", "not the mapping"), (b"x" * 99, "not the mapping")])
def test_other_files_are_refused(content, message):
    with pytest.raises(UserError, match=message):
        read_mapping(content)


def test_a_later_version_is_named():
    content = bytearray(write_mapping())
    content[8] = 9
    with pytest.raises(UserError, match="version 9; accepted: version 1"):
        read_mapping(bytes(content))
