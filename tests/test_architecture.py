"""The package's shape: imports point one way, files and functions stay small, public functions say what they are."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "token_classification"
MODULES = sorted(PACKAGE.rglob("*.py"))

STATIONS = {
    "errors": 0,
    "system_errors": 0,
    "output_text": 0,
    "quick_imports": 0,
    "exit_codes": 1,
    "old_flags": 1,
    "arguments": 1,
    "argument_values": 1,
    "command_line": 1,
    "recipe": 1,
    "hardware": 0,
    "extras": 1,
    "data": 2,
    "modeling": 3,
    "alignment": 3,
    "checking": 4,
    "scoring": 4,
    "training": 5,
    "inference": 5,
    "reporting": 6,
    "export": 6,
    "story": 7,
    "tao": 8,
    "__main__": 9,
}
"""Part of the package -> how far down the road of the data it stands; `tao` tells the story, too."""

COMMAND_LINE_PARTS = {"old_flags", "arguments", "argument_values", "command_line"}
"""One station in four files, which may use each other."""

LONGEST_FILE = 400
LONGEST_FUNCTION = 80
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "misc", "common"}


def name_module(path: Path) -> str:
    """`token_classification/data/load.py` -> `token_classification.data.load`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def find_station(module: str) -> str:
    """The part of the package that a module belongs to; "" for the package itself."""
    return module.split(".")[1] if "." in module else ""


def list_imports(source: str) -> list[str]:
    """Modules of the package that a source text imports, wherever in it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the package in full"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for name in found if name.split(".")[0] in (PACKAGE.name, "run_ner")]


def points_down(importing: str, imported: str) -> bool:
    """Whether an import goes against the road: to a station below, or beside the own one.

    The package itself stands at no station: its `__init__` shows what is for users.
    """
    own, other = find_station(importing), find_station(imported)
    if own == "":
        return False
    if imported.split(".")[0] == "run_ner":
        return True  # a launcher for the package, and in a user's folder perhaps another script
    if own == other or {own, other} <= COMMAND_LINE_PARTS:
        return False
    return STATIONS[other] >= STATIONS[own]


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


@pytest.mark.parametrize("path", MODULES, ids=name_module)
def test_imports_point_one_way(path: Path) -> None:
    module = name_module(path).removesuffix(".__init__")
    wrong = [name for name in list_imports(path.read_text(encoding="utf-8")) if points_down(module, name)]
    assert wrong == []


@pytest.mark.parametrize(
    ("importing", "imported", "wrong"),
    [
        ("token_classification.data.load", "token_classification.errors.UserError", False),
        ("token_classification.data.labels", "token_classification.data.load.Corpus", False),
        ("token_classification.command_line", "token_classification.old_flags.RENAMED", False),
        ("token_classification.reporting.tables", "token_classification.scoring.metrics.Tags", False),
        ("token_classification.errors", "token_classification.data.load", True),
        ("token_classification.arguments", "token_classification.data.load", True),
        ("token_classification.alignment.align", "token_classification.modeling.build", True),
        ("token_classification.modeling.build", "token_classification.alignment.align", True),
        ("token_classification.scoring.predict", "token_classification.training.trainer", True),
        ("token_classification.training.trainer", "token_classification.reporting.tables", True),
        ("token_classification.export.archive", "token_classification.inference.engine", False),
        ("token_classification.inference.engine", "token_classification.training.trainer", True),
        ("token_classification.reporting.tables", "token_classification.story.walk", True),
        ("token_classification.tao.learn", "token_classification.story.walk", False),
        ("token_classification.tao.learn", "run_ner.main", True),
    ],
)
def test_the_rule_itself(importing: str, imported: str, wrong: bool) -> None:
    assert points_down(importing, imported) == wrong


def test_imports_inside_of_functions_are_found_too() -> None:
    source = "import token_classification.data.load\ndef f():\n    from token_classification.scoring import metrics\n"
    assert list_imports(source) == ["token_classification.data.load", "token_classification.scoring.metrics"]


def test_every_part_of_the_package_has_its_station() -> None:
    parts = {find_station(name_module(path)) for path in MODULES} - {"__init__"}
    assert parts == set(STATIONS)


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
