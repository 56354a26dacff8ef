"""Archives as an enemy makes them: opened or refused with a message, and nothing lands outside of the folder."""

import io
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sealed_archives import KEY, make_member, make_tar, seal_bytes

from token_classification.errors import UserError
from token_classification.tao.archive.archive import open_archive, write_archive
from token_classification.tao.archive.tar_files import ForeignTarError, iterate_files

pytestmark = pytest.mark.usefixtures("cheap_scrypt")

TARS = [
    make_tar(make_member("config.json"), make_member("1_Head/config.json")),
    make_tar(make_member("long" * 40), make_member("é ü"), make_member("b", size="3")),
    make_tar(make_member("../a"), make_member("b")),
]
HEADERS = [content[:512] for content in TARS]
FUZZED_TARS = 10_000

settings_of_files = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def change_bytes(content: bytes, draw: random.Random) -> bytes:
    """Cut, flip, splice, repeat: one to four times."""
    changed = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        place = draw.randrange(len(changed) + 1)
        kind = draw.randrange(6)
        if kind == 0:
            del changed[place:]
        elif kind == 1:
            del changed[place : place + draw.choice([1, 7, 512])]
        elif kind == 2 and place < len(changed):
            changed[place] ^= 1 << draw.randrange(8)
        elif kind == 3:
            changed[place:place] = draw.randbytes(draw.choice([1, 7, 512]))
        elif kind == 4:
            changed[place:place] = changed[: draw.choice([33, 512, 1024])]
        else:
            start = draw.choice([0, 124, 148, 156, 257, 345, 512]) + 512 * draw.randrange(4)
            changed[start : start + 8] = draw.choice(
                [b"77777777", b"\x80" + b"\xff" * 7, b"-0000001", b"\0" * 8, b"x"]
            )
    return bytes(changed)


def repair_checksums(content: bytes) -> bytes:
    """Make each block that begins like a header a valid one, as somebody would who forges a tar."""
    blocks = [bytearray(content[start : start + 512]) for start in range(0, len(content), 512)]
    for block in blocks:
        if len(block) == 512 and block[257:262] == b"ustar":
            block[257:265] = b"ustar\x0000"
            block[148:156] = b" " * 8
            block[148:156] = b"%06o\0 " % sum(block)
    return b"".join(blocks)


def list_tree(folder: Path) -> set[str]:
    """Everything below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def open_or_refuse(path: Path) -> bool:
    """Whether an archive is opened; what is in it then are plain files."""
    try:
        with open_archive(path, KEY) as folder:
            assert all(entry.is_dir() or entry.is_file() for entry in folder.rglob("*"))
            assert not any(entry.is_symlink() for entry in folder.rglob("*"))
            return True
    except UserError:
        return False


@given(seed=st.integers(0, 2**32))
@settings_of_files
def test_a_changed_archive_is_refused(tmp_path, unpacked_to, seed):
    model, path = tmp_path / "model", tmp_path / "a.tlt"
    if not path.exists():
        model.mkdir()
        (model / "config.json").write_bytes(bytes(3000))
        write_archive(model, path, KEY)
    before = list_tree(tmp_path)
    changed = tmp_path / "changed.tlt"
    changed.write_bytes(change_bytes(path.read_bytes(), random.Random(seed)))
    is_same = changed.read_bytes() == path.read_bytes()
    assert open_or_refuse(changed) == is_same
    changed.unlink()
    assert list_tree(tmp_path) == before


@given(seed=st.integers(0, 2**32))
@settings_of_files
def test_a_forged_archive_with_the_right_key_stays_in_its_folder(tmp_path, unpacked_to, seed):
    draw = random.Random(seed)
    content = repair_checksums(change_bytes(draw.choice(TARS), draw))
    before = list_tree(tmp_path)
    path = seal_bytes(tmp_path / "forged.tlt", content)
    open_or_refuse(path)
    path.unlink()
    assert list_tree(tmp_path) == before


def test_ten_thousand_forged_tars_are_read_or_refused_in_time():
    draw = random.Random(1)
    outcomes = {True: 0, False: 0}
    for _ in range(FUZZED_TARS):
        content = repair_checksums(change_bytes(draw.choice(TARS), draw))
        stream = io.BytesIO(content)
        given_bytes = 0
        try:
            for name, body in iterate_files(stream):
                assert not name.startswith("/")
                assert ".." not in name.split("/")
                given_bytes += sum(map(len, body))
            outcomes[True] += 1
        except ForeignTarError:
            outcomes[False] += 1
        assert given_bytes <= len(content)
    assert min(outcomes.values()) > FUZZED_TARS / 20, "both must occur, or the forgeries try nothing"
