import subprocess

import pytest

from token_classification.data.text_lines import read_lines, read_text
from token_classification.errors import DataError


def test_only_newlines_end_lines(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("a\u0085b\r\nc\u2028d\x0ce\n\rf\ng\r".encode())
    assert read_lines(path) == ["a\u0085b", "c\u2028d\x0ce", "\rf", "g"]


def test_one_byte_order_mark_at_the_start_is_dropped(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeff\ufeffa\n\ufeffb".encode())
    assert read_text(path) == "\ufeffa\n\ufeffb"


@pytest.mark.parametrize("content", ["Zoë".encode("latin-1"), "Zoë".encode("utf-16")])
def test_the_advised_command_works_in_a_folder_of_any_name(tmp_path, content):
    path = tmp_path / "my data; $(touch hacked) it's" / "a b.txt"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_text(path)
    subprocess.run(["bash", "-c", str(error.value).partition("convert with: ")[2]], check=True, cwd=tmp_path)
    assert read_text(path.with_name("a b.txt.utf8")) == "Zoë"
    assert not (tmp_path / "hacked").exists()


def test_every_undecodable_line_is_named(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("ä\n".encode() + "äöü M\n".encode() + b"Stra\xdfe\n" + "Zoë M".encode() + b"\xe4rz\n")
    with pytest.raises(DataError) as error:
        read_lines(path)
    first, second = str(error.value).split("\n")
    assert first.startswith(f"{path}:3: not UTF-8 (byte 0xDF at column 5); accepted: UTF-8; ")
    assert second == (
        f"{path}:4: not UTF-8 (byte 0xE4 at column 6); accepted: UTF-8; "
        f"convert with: iconv -f latin1 -t utf-8 {path} > {path}.utf8"
    )


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_refused_with_the_command_that_converts_it(tmp_path, encoding):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffa\tO\n".encode(encoding))
    with pytest.raises(DataError, match=r"a\.txt:1: not UTF-8 .*UTF-16.*iconv -f utf-16 -t utf-8"):
        read_text(path)


@pytest.mark.parametrize("content", [b"", b"\n \t\r\n", b"\xef\xbb\xbf"])
def test_file_without_words_is_refused(tmp_path, content):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.txt:1: no words"):
        read_text(path)


def test_missing_file_names_its_neighbours(tmp_path):
    (tmp_path / "train.conll").touch()
    (tmp_path / "other").touch()
    with pytest.raises(DataError, match=r"trian\.conll: no such file \(its folder holds 'train\.conll'\)"):
        read_text(tmp_path / "trian.conll")


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match=r"there is no folder .*nowhere"):
        read_text(tmp_path / "nowhere" / "train.conll")


def test_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"can't be read \(Is a directory\)"):
        read_text(tmp_path)
