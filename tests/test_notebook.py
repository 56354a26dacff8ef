"""The notebook in examples/ is kept without outputs, and its cells run in order, in a process of their own.

They are plain Python, so no kernel is needed: a notebook runner would bring a dozen packages, and sockets, to do what
`exec` does. The value of a cell's last line is shown the way a notebook shows it.
"""

import json
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT, write_sentences
from walkthrough_stand_ins import write_program

NOTEBOOK = ROOT / "examples" / "fine_tune.ipynb"
SHOW_CELLS = """
import ast, json, sys
names = {}
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        *statements, last = ast.parse("".join(cell["source"])).body
        is_value = isinstance(last, ast.Expr)
        exec(compile(ast.Module(statements + [last] * (not is_value), []), cell["id"], "exec"), names)
        value = eval(compile(ast.Expression(last.value), cell["id"], "eval"), names) if is_value else None
        show = getattr(value, "_repr_html_", value.__repr__)
        print(f"[{cell['id']}]", show() if value is not None else "")
"""


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None and not cell["metadata"] for cell in cells)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    assert not any(line.startswith(("%", "!")) for cell in cells for line in cell["source"])  # or exec would not do


@pytest.mark.slow
def test_the_notebook_runs(bert_folder, tmp_path) -> None:
    (tmp_path / "examples").mkdir()
    shutil.copy(NOTEBOOK, tmp_path / "examples")
    write_program(tmp_path / "sample" / "encoder.py", f"print({str(bert_folder)!r})")
    for name in ("train", "dev", "test"):
        write_sentences(tmp_path / "sample" / f"{name}.conll")
    command = [sys.executable, "-c", SHOW_CELLS, NOTEBOOK.name]
    done = subprocess.run(command, cwd=tmp_path / "examples", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = dict(part.split("]", 1) for part in done.stdout.split("\n[")[1:])
    assert "'test': " in shown["train"]
    assert shown["report"].startswith(" <iframe ")
    assert "<table" in shown["predictions"]
    assert shown["display"].startswith(" <div ")
    assert "Lake" in shown["evaluate"]
    assert "\ndata[1]: 5 words but 4 tags" in done.stdout
