"""Every fuzz target takes what it is for, and is not broken by anything else."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.targets import TARGETS, feed

INPUTS = int(os.environ.get("FUZZ_EXAMPLES", "100"))

SOUND = {
    "spec": b"data_dir: data\ntrainer:\n  max_epochs: 3\n  devices: [0]\nmodel:\n  optim: {name: adam, lr: 5e-5}\n",
    "export_record": b'{"backend": "onnx", "model_file": "model.onnx", "window_length": 64, "notes": {}}',
    "words": "Anna's e-mail: anna@example.org, 3.5 % of U.S. \N{GRINNING FACE}\u2028字".encode(),
    "report": "Anna\tB-PER\tO\nläuft\tO\tO\n\nin\tO\tO\nParis\tB-LOC\tB-PER\n\n".encode(),
}
PIECES = [
    *(b"\n", b"\t", b" ", b":", b": ", b"- ", b"[", b"]", b"{", b"}", b'"', b"'", b"?", b"@", b".", b"-", b"O"),
    *(b"&a ", b"*a", b"!!python/object:x ", b"${data_dir}", b"${oc.env:HOME}", b"???", b"null", b"true", b"1e999"),
    *(b"0x1F", b"9" * 5000, b"[" * 2000, b"../", b"B-PER", b"I-PER", b"E-"),
    *(b"\0", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xef\xbb\xbf"),
]


@st.composite
def draw_bytes(draw: st.DrawFn, seed: bytes) -> bytes:
    """A sound input with pieces put in and taken out, or pieces alone."""
    content = draw(st.sampled_from([seed, seed, b""]))
    for _ in range(draw(st.integers(0, 5))):
        place = draw(st.integers(0, len(content)))
        end = min(len(content), place + draw(st.sampled_from([0, 0, 1, 5])))
        piece = draw(st.sampled_from(PIECES) | st.binary(max_size=4)) * draw(st.sampled_from([1, 1, 3, 40]))
        content = content[:place] + piece + content[end:]
    return content


@pytest.mark.parametrize("name", SOUND)
def test_a_value_or_a_message(name: str) -> None:
    assert feed(name, SOUND[name])

    @settings(
        max_examples=INPUTS, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(draw_bytes(SOUND[name]))
    def fuzz(content: bytes) -> None:
        feed(name, content)

    fuzz()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("atheris") is None, reason="longer runs need atheris: pip install atheris")
@pytest.mark.parametrize("name", ["conll", "spec"])
def test_atheris_drives_a_target(name: str) -> None:
    assert name in TARGETS
    command = [sys.executable, Path(__file__).with_name("run_atheris.py"), name, "-runs=200"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Done 200 runs" in done.stderr
