"""The package's shape: files and functions stay small, public functions say what they are."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "token_classification"
MODULES = sorted(PACKAGE.rglob("*.py"))

LONGEST_FILE = 400
LONGEST_FUNCTION = 80
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "misc", "common"}


def name_module(path: Path) -> str:
    """`token_classification/data/load.py` -> `token_classification.data.load`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def list_functions(path: Path) -> list[ast.FunctionDef]:
    """All functions of a file, methods and inner ones too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def list_public(path: Path) -> list[ast.FunctionDef]:
    """Functions, and methods of classes, whose names don't begin with an underscore."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    holders = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    return [
        node
        for holder in holders
        for node in holder.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]


def test_every_folder_with_code_is_a_package() -> None:
    assert sorted({path.parent for path in MODULES if not (path.parent / "__init__.py").exists()}) == []


def test_no_file_is_long() -> None:
    lengths = {name_module(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_long() -> None:
    lengths = {
        f"{name_module(path)}.{function.name}": function.end_lineno - function.lineno + 1
        for path in [*MODULES, ROOT / "run_ner.py"]
        for function in list_functions(path)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_no_module_is_named_vaguely() -> None:
    parts = {part for path in MODULES for part in name_module(path).split(".")}
    assert parts & VAGUE_NAMES == set()


@pytest.mark.parametrize("path", MODULES, ids=name_module)
def test_modules_and_public_functions_say_what_they_are(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert [function.name for function in list_public(path) if not ast.get_docstring(function)] == []


@pytest.mark.parametrize("path", MODULES, ids=name_module)
def test_public_functions_are_annotated(path: Path) -> None:
    missing = []
    for function in list_public(path):
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        bare = [argument.arg for argument in arguments if argument.annotation is None]
        missing += [f"{function.name}({name})" for name in bare if name not in ("self", "cls")]
        if function.returns is None:
            missing.append(f"{function.name} -> ?")
    assert missing == []


def test_no_page_holds_a_merge_conflict() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.joinpath("docs").rglob("*.md"), *ROOT.joinpath("benchmarks").glob("*.md")]
    assert len(pages) > 10
    marks = ("<<<<<<< ", ">>>>>>> ")
    assert [
        page for page in pages if any(line.startswith(marks) for line in page.read_text("utf-8").splitlines())
    ] == []
