"""What is inside of an archive: plain files in the folder; whatever else a tar can hold is refused."""

import io
import os
import stat
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealed_archives import KEY, make_member, make_tar, seal_bytes

from token_classification.errors import UserError
from token_classification.tao.archive.archive import open_archive
from token_classification.tao.archive.tar_files import ForeignTarError, iterate_files, stays_inside

pytestmark = pytest.mark.usefixtures("cheap_scrypt")


class CountingStream(io.BytesIO):
    """Bytes that know how often they were asked for."""

    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        """Read as any stream does."""
        self.reads += 1
        return super().read(size)


def explain(path: Path) -> str:
    """What is said of an archive that is not opened."""
    with pytest.raises(UserError) as error, open_archive(path, KEY):
        pytest.fail("was opened")
    return str(error.value)


names = st.lists(
    st.text(st.characters(exclude_characters="/\\\0", exclude_categories=("Cs",)), min_size=1, max_size=130).filter(
        lambda part: part not in (".", "..")
    ),
    min_size=1,
    max_size=3,
).map("/".join)


@given(st.dictionaries(names, st.binary(max_size=1500), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_files_are_read_as_tarfile_writes_them(files):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w|") as tar:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    content.seek(0)
    assert {name: b"".join(body) for name, body in iterate_files(content)} == files


def test_a_content_that_is_not_taken_is_passed_over():
    stream = io.BytesIO(make_tar(make_member("a"), make_member("b")))
    assert [name for name, _ in iterate_files(stream)] == ["a", "b"]


def test_a_name_that_is_no_utf8_comes_back_as_it_was():
    name = os.fsdecode(b"\xff.bin")
    assert [found for found, _ in iterate_files(io.BytesIO(make_tar(make_member(name))))] == [name]


@pytest.mark.parametrize(
    "bad",
    [
        make_member("../escaped"),
        make_member("a/../../escaped"),
        make_member("/tmp/escaped"),
        make_member("."),
        make_member("a\\..\\escaped"),
        make_member("/".join("d" * 40)),
        make_member("link", tarfile.SYMTYPE, "/etc/passwd"),
        make_member("inner", tarfile.SYMTYPE, "config.json"),
        make_member("hard", tarfile.LNKTYPE, "config.json"),
        make_member("pipe", tarfile.FIFOTYPE),
        make_member("disk", tarfile.BLKTYPE),
        make_member("tty", tarfile.CHRTYPE),
        make_member("sub/", tarfile.DIRTYPE),
        # Three bytes that unpack to a terabyte.
        make_member("sparse", **{"GNU.sparse.map": "0,3", "GNU.sparse.size": str(1 << 40)}),
    ],
    ids=lambda bad: bad.name[:12],
)
def test_an_archive_that_reaches_out_is_not_unpacked(tmp_path, bad, unpacked_to):
    before = {entry.name for entry in tmp_path.iterdir()}
    path = seal_bytes(tmp_path / "a.tlt", make_tar(make_member("config.json"), bad))
    message = explain(path)
    assert repr(bad.name) in message
    assert "Nothing was unpacked" in message
    assert "'config.json'" not in message
    assert list(unpacked_to.iterdir()) == []
    assert {entry.name for entry in tmp_path.iterdir()} == before | {"a.tlt"}


@pytest.mark.parametrize("size", [2**60, 2**63, 10**30, -1, -512, "nan", "1e400", "", "0x10", "٣"])
def test_a_size_that_lies_is_found_out_at_the_end_of_the_archive(tmp_path, size, unpacked_to):
    content = make_tar(make_member("config.json", size=str(size)))
    stream = CountingStream(content)
    with pytest.raises(ForeignTarError):
        list(iterate_files(stream))
    assert stream.reads < 50
    assert "opens with this key, but holds" in explain(seal_bytes(tmp_path / "a.tlt", content))
    assert list(unpacked_to.iterdir()) == []


def test_an_extended_header_of_a_hundred_megabytes_is_not_read():
    stream = CountingStream(make_tar(make_member("a", comment="x" * (100 << 20))))
    with pytest.raises(ForeignTarError, match="extended header of 104,857,6"):
        list(iterate_files(stream))
    assert stream.tell() <= 2048


@pytest.mark.parametrize("second", ["config.json", "./config.json", "config.json/inner"])
def test_a_file_that_is_there_already_is_not_written_over(tmp_path, second, unpacked_to):
    path = seal_bytes(tmp_path / "a.tlt", make_tar(make_member("config.json"), make_member(second)))
    message = explain(path)
    assert repr(second) in message
    assert "already" in message
    assert list(unpacked_to.iterdir()) == []


def test_long_names_of_other_writers_are_refused():
    stream = io.BytesIO(make_tar(make_member("long" * 60), form=tarfile.GNU_FORMAT))
    with pytest.raises(ForeignTarError, match="not a tar"):
        list(iterate_files(stream))


def test_no_file_gets_more_rights_than_it_needs(tmp_path, unpacked_to):
    greedy = make_member("config.json")
    greedy.mode, greedy.uid, greedy.uname = 0o6777, 12345, "somebody"
    with open_archive(seal_bytes(tmp_path / "a.tlt", make_tar(greedy)), KEY) as folder:
        status = (folder / "config.json").stat()
        assert stat.S_IMODE(status.st_mode) == 0o600
        assert status.st_uid == os.getuid()


@pytest.mark.parametrize("content", [b"", b"no tar" * 100], ids=["empty", "other"])
def test_an_archive_without_a_tar(tmp_path, content, unpacked_to):
    assert "opens with this key, but holds no model folder" in explain(seal_bytes(tmp_path / "a.tlt", content))
    assert list(unpacked_to.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "expected"), [("a/b", True), ("a", True), ("..a", True), ("a/..", False), ("", False)]
)
def test_names_below_the_folder(name, expected):
    assert stays_inside(name) == expected
