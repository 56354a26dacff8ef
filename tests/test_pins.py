"""The files of pins agree with each other, with pyproject.toml and with .pre-commit-config.yaml."""

import re
import tomllib

import yaml
from conftest import ROOT
from packaging.requirements import Requirement

APART = ("requirements-label-studio.txt", "requirements-doccano.txt")
"""Label Studio and doccano have environments of their own"""
FILES = sorted(set(ROOT.glob("requirements*.txt")) - set(map(ROOT.joinpath, APART)))


def read_pins(path) -> dict[str, str]:
    """Read the pinned versions of a file."""
    pins = re.findall(r"^([\w.-]+)==(\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {normalise(name): version for name, version in pins}


def normalise(name: str) -> str:
    """Spell a package's name as the index does."""
    return re.sub(r"[-_.]+", "-", name).lower()


PINS = {path.name: read_pins(path) for path in FILES}


def test_no_package_has_two_pins():
    versions: dict[str, set[str]] = {}
    for pins in PINS.values():
        for package, version in pins.items():
            versions.setdefault(package, set()).add(version)
    assert {package: found for package, found in versions.items() if len(found) > 1} == {}


def test_every_pin_is_in_the_range_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    wanted = [
        *map(Requirement, project["dependencies"]),
        *(Requirement(one) for extra in optional.values() for one in extra),
    ]
    pins = {package: version for pins in PINS.values() for package, version in pins.items()}
    assert [str(one) for one in wanted if not one.specifier.contains(pins[normalise(one.name)])] == []


def test_pre_commit_runs_the_pinned_ruff():
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    hooks = [hook for repo in yaml.safe_load(text)["repos"] for hook in repo["hooks"]]
    used = {package for hook in hooks for package in hook.get("additional_dependencies", [])}
    assert used == {f"ruff=={PINS['requirements.txt']['ruff']}"}
