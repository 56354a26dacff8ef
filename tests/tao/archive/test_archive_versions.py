"""What a guess of the key costs, and that archives of former releases still open."""

from pathlib import Path

import pytest

from token_classification import sealing
from token_classification.errors import UserError
from token_classification.tao.archive.archive import MAGIC, SCRYPT_COSTS, VERSION, open_archive, write_archive

KEYS = {1: "k", 2: "a key"}
"""Version -> key of `version_N.tlt`, written by a release of its time; the first key is too short today."""
FILES = {
    "config.json": b"{}\n",
    "1_Head/é ü.txt": b"head\n",
    f"{'a' * 60}/{'b' * 60}.txt": b"long\n",
    "c" * 120: b"longer\n",
}


@pytest.fixture
def derivations(monkeypatch) -> list[dict]:
    """The parameters of each derivation of a key."""
    calls = []
    derive = sealing.Scrypt

    def record(**parameters):
        calls.append(parameters)
        return derive(**parameters)

    monkeypatch.setattr(sealing, "Scrypt", record)
    return calls


@pytest.mark.parametrize("version", SCRYPT_COSTS)
def test_an_archive_of_every_version_still_opens(unpacked_to, derivations, version):
    with open_archive(Path(__file__).with_name(f"version_{version}.tlt"), KEYS[version]) as folder:
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        assert {name: path.read_bytes() for name, path in files.items()} == FILES
    assert [call["n"] for call in derivations] == [{1: 2**15, 2: 2**18}[version]]


def test_a_guess_costs_what_age_and_owasp_advise(tmp_path, unpacked_to, derivations):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_bytes(b"{}")
    write_archive(tmp_path / "model", tmp_path / "a.tlt", "a key")
    assert (tmp_path / "a.tlt").read_bytes()[: len(MAGIC) + 1] == MAGIC + bytes([2])
    with open_archive(tmp_path / "a.tlt", "a key") as folder:
        assert (folder / "config.json").read_bytes() == b"{}"
    assert [(call["n"], call["r"], call["p"]) for call in derivations] == [(2**18, 8, 1)] * 2
    assert len({call["salt"] for call in derivations}) == 1


@pytest.mark.parametrize("version", range(256))
def test_no_header_asks_for_more_memory_than_the_newest_version(tmp_path, derivations, version):
    path = tmp_path / "a.tlt"
    path.write_bytes(MAGIC + bytes([version]) + bytes(24))
    if version in SCRYPT_COSTS:
        assert 128 * 8 * SCRYPT_COSTS[version] <= 256 << 20
        return
    accepted = f"version {version}; accepted: version 1 or {VERSION}"
    with pytest.raises(UserError, match=accepted), open_archive(path, "a key"):
        pytest.fail("was opened")
    assert derivations == []


def test_calling_it_another_version_does_not_make_guessing_cheaper(tmp_path, cheap_scrypt):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_bytes(b"{}")
    path = tmp_path / "a.tlt"
    write_archive(tmp_path / "model", path, "a key")
    path.write_bytes(MAGIC + bytes([1]) + path.read_bytes()[len(MAGIC) + 1 :])
    with pytest.raises(UserError, match="the key does not fit"), open_archive(path, "a key"):
        pytest.fail("was opened")
