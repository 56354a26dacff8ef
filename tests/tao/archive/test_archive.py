import os
import stat
import struct
import tracemalloc
from pathlib import Path

import pytest

from token_classification.errors import UserError
from token_classification.tao.archive import archive
from token_classification.tao.archive.archive import open_archive, write_archive
from token_classification.tao.archive.key import read_key

pytestmark = pytest.mark.usefixtures("cheap_scrypt")

KEY = "correct horse battery staple"
FILES = {"config.json": b"{}", "model.safetensors": bytes(range(256)) * 40, "1_Head/config.json": b"", "é ü.txt": b"x"}


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "trained-model"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def sealed(tmp_path, folder) -> Path:
    path = tmp_path / "trained-model.tlt"
    write_archive(folder, path, KEY)
    return path


def read_files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()}


def explain(path: Path, key: str | None = KEY) -> str:
    with pytest.raises(UserError) as error, open_archive(path, key):
        pytest.fail("was opened")
    return str(error.value)


def split_chunks(content: bytes) -> tuple[bytes, list[bytes]]:
    """The header and the chunks of an archive, read as the module's docstring describes them."""
    header, rest = content[:33], content[33:]
    chunks = []
    while rest:
        _, length = struct.unpack(">BI", rest[:5])
        chunks.append(rest[: 5 + length])
        rest = rest[5 + length :]
    return header, chunks


def test_what_goes_in_comes_out(sealed, unpacked_to):
    with open_archive(sealed, KEY) as folder:
        assert read_files(folder) == FILES
        assert folder.parent == unpacked_to
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(unpacked_to.iterdir()) == []


def test_the_folder_goes_when_the_body_fails(sealed, unpacked_to):
    with pytest.raises(ZeroDivisionError), open_archive(sealed, KEY):
        raise ZeroDivisionError
    assert list(unpacked_to.iterdir()) == []


def test_the_content_is_hidden_and_no_two_archives_are_alike(folder, sealed, tmp_path):
    write_archive(folder, tmp_path / "again.tlt", KEY)
    first, second = sealed.read_bytes(), (tmp_path / "again.tlt").read_bytes()
    assert b"config.json" not in first
    assert bytes(range(64)) not in first
    assert first[9:33] != second[9:33]
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["again.tlt", "trained-model", "trained-model.tlt"]


def test_a_key_may_hold_any_characters(folder, tmp_path):
    for key in ("ä€😀", "with blank ", "\udcff\udcfe"):
        write_archive(folder, tmp_path / "a.tlt", key)
        with open_archive(tmp_path / "a.tlt", key) as opened:
            assert read_files(opened) == FILES


def test_links_to_files_are_followed_as_in_the_cache_of_the_hub(tmp_path):
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "blob").write_bytes(b"weights")
    (tmp_path / "snapshot" / "model.safetensors").symlink_to("../blob")
    write_archive(tmp_path / "snapshot", tmp_path / "a.tlt", KEY)
    with open_archive(tmp_path / "a.tlt", KEY) as folder:
        assert read_files(folder) == {"model.safetensors": b"weights"}
        assert not (folder / "model.safetensors").is_symlink()


@pytest.mark.parametrize("name", ["a\\b", "/".join("d" * 40)])
def test_a_name_that_would_not_be_unpacked_is_not_archived(folder, tmp_path, name):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).touch()
    with pytest.raises(UserError, match=r"can't be archived.*rename it"):
        write_archive(folder, tmp_path / "a.tlt", KEY)
    assert not (tmp_path / "a.tlt").exists()


@pytest.mark.parametrize("kind", ["fifo", "dangling", "linked folder"])
def test_what_can_not_be_archived_is_an_error(folder, tmp_path, kind):
    odd = folder / "odd"
    if kind == "fifo":
        os.mkfifo(odd)
    else:
        odd.symlink_to("nowhere" if kind == "dangling" else folder.parent)
    with pytest.raises(UserError, match="odd: can't be archived"):
        write_archive(folder, tmp_path / "a.tlt", KEY)
    assert not (tmp_path / "a.tlt").exists()


def test_nothing_to_archive_and_nowhere_to_write(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    for source, target, found in (
        ("empty", "a.tlt", "the folder is empty"),
        ("absent", "a.tlt", "no such folder"),
        ("trained-model", "absent/a.tlt", r"can't be written \(No such file"),
        ("trained-model", "empty", r"can't be written \(Is a directory"),
    ):
        with pytest.raises(UserError, match=found):
            write_archive(tmp_path / source, tmp_path / target, KEY)
    for key in ("", "k"):
        with pytest.raises(UserError, match=r"the key is .*accepted: 2 characters or more"):
            write_archive(folder, tmp_path / "a.tlt", key)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["empty", "trained-model"]


def test_a_failure_while_writing_keeps_the_old_archive(folder, sealed, monkeypatch):
    before = sealed.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "_add_file", fail)
    with pytest.raises(UserError, match="No space left on device"):
        write_archive(folder, sealed, KEY)
    assert sealed.read_bytes() == before
    assert sorted(entry.name for entry in sealed.parent.iterdir()) == ["trained-model", "trained-model.tlt"]


def test_wrong_and_missing_key(sealed, unpacked_to):
    assert "the key does not fit" in explain(sealed, "wrong")
    for key in (None, ""):
        assert "is encrypted (no key was given)" in explain(sealed, key)
        assert "-k KEY or -k @FILE, or set TOKEN_CLASSIFICATION_KEY" in explain(sealed, key)
    assert list(unpacked_to.iterdir()) == []


def test_no_message_repeats_a_key(folder, tmp_path, sealed, monkeypatch):
    messages = [explain(sealed, "SECRET")]
    with pytest.raises(UserError) as error:
        write_archive(folder, tmp_path / "absent" / "a.tlt", "SECRET")
    messages.append(str(error.value))
    with pytest.raises(UserError) as error:
        read_key("@SECRET")
    assert error.value.__suppress_context__, "the traceback of --debug would show the name"
    messages.append(str(error.value))
    assert not any("SECRET" in message for message in messages)


def test_every_changed_byte_is_noticed(tmp_path, unpacked_to):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_bytes(b"{}")
    path = tmp_path / "a.tlt"
    write_archive(tmp_path / "model", path, KEY)
    content = path.read_bytes()
    for place in [*range(80), *range(80, len(content), 97), *range(len(content) - 20, len(content))]:
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        explain(path)
    assert list(unpacked_to.iterdir()) == []


def test_a_changed_content_is_told_from_a_wrong_key(sealed):
    content = bytearray(sealed.read_bytes())
    content[len(content) // 2] ^= 1
    sealed.write_bytes(content)
    assert "was changed after it was written" in explain(sealed)
    assert "the key does not fit" in explain(sealed, "wrong")


@pytest.fixture
def many_chunks(tmp_path, monkeypatch) -> Path:
    """An archive of about twelve full chunks."""
    monkeypatch.setattr(archive, "CHUNK_BYTES", 1024)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_bytes(os.urandom(9000))
    write_archive(tmp_path / "model", tmp_path / "a.tlt", KEY)
    return tmp_path / "a.tlt"


def test_chunks_are_all_read(many_chunks, tmp_path):
    header, chunks = split_chunks(many_chunks.read_bytes())
    assert len(header) == 33
    assert len(chunks) > 10
    assert [chunk[0] for chunk in chunks] == [0] * (len(chunks) - 1) + [1]
    with open_archive(many_chunks, KEY) as folder:
        assert read_files(folder) == read_files(tmp_path / "model")


def test_every_cut_is_noticed(many_chunks, unpacked_to):
    content = many_chunks.read_bytes()
    header, chunks = split_chunks(content)
    borders = [len(header) + sum(map(len, chunks[:count])) for count in range(len(chunks))]
    for size in {3, 20, 36, *borders, *(border + 1 for border in borders), *(border + 400 for border in borders)}:
        many_chunks.write_bytes(content[:size])
        assert "ends too early" in explain(many_chunks), size
    assert list(unpacked_to.iterdir()) == []


def test_chunks_out_of_order_left_out_or_twice(many_chunks, unpacked_to):
    header, chunks = split_chunks(many_chunks.read_bytes())
    swapped = [*chunks[:3], chunks[4], chunks[3], *chunks[5:]]
    for changed in (swapped, chunks[:3] + chunks[4:], chunks[:3] + chunks[2:], [chunks[0], *chunks[-1:]]):
        many_chunks.write_bytes(header + b"".join(changed))
        assert "was changed" in explain(many_chunks)
    marked = [*chunks[:5], b"\x01" + chunks[5][1:]]  # a cut that calls its last chunk the archive's last
    many_chunks.write_bytes(header + b"".join(marked))
    assert "was changed" in explain(many_chunks)
    assert list(unpacked_to.iterdir()) == []


def test_chunks_of_another_archive_with_the_same_key(many_chunks, tmp_path):
    header, chunks = split_chunks(many_chunks.read_bytes())
    write_archive(tmp_path / "model", tmp_path / "b.tlt", KEY)
    _, others = split_chunks((tmp_path / "b.tlt").read_bytes())
    many_chunks.write_bytes(header + b"".join([*chunks[:3], others[3], *chunks[4:]]))
    assert "was changed" in explain(many_chunks)


def test_bytes_behind_the_end(sealed, unpacked_to):
    sealed.write_bytes(sealed.read_bytes() + b"\0")
    assert "something follows the end" in explain(sealed)
    assert list(unpacked_to.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "it is empty"),
        (b"PK\x03\x04 a zip file", r"it begins with b'PK\x03\x04 a z'"),
        (b"\x1f\x8b\x08\x00 a .nemo file", r"it begins with b'\x1f\x8b\x08\x00 a .'"),
    ],
)
def test_other_files_are_no_archives(tmp_path, content, found):
    (tmp_path / "a.tlt").write_bytes(content)
    assert f"not an encrypted model archive of this project ({found})" in explain(tmp_path / "a.tlt")


def test_a_later_version_says_so(sealed):
    sealed.write_bytes(archive.MAGIC + b"\x03" + sealed.read_bytes()[9:])
    assert "an archive of version 3; accepted: version 1 or 2" in explain(sealed)


def test_absent_archive(sealed):
    assert "its folder holds 'trained-model.tlt'" in explain(sealed.with_name("trained.tlt"))


def test_a_full_disk_while_unpacking(sealed, unpacked_to, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", fail)
    message = explain(sealed)
    assert "No space left on device" in message
    assert "TMPDIR" in message
    assert list(unpacked_to.iterdir()) == []


def test_big_models_need_little_memory(tmp_path, unpacked_to):
    (tmp_path / "model").mkdir()
    with (tmp_path / "model" / "model.safetensors").open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    try:
        write_archive(tmp_path / "model", tmp_path / "a.tlt", KEY)
        with open_archive(tmp_path / "a.tlt", KEY) as folder:
            assert (folder / "model.safetensors").stat().st_size == 64 << 20
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10 << 20
