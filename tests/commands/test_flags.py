"""Flags from a dataclass: names, types, groups, and what is typed."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from token_classification.commands.flags import add_dataclass_flags, check_needed, flag, list_typed
from token_classification.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Options:
    """One field of each kind."""

    model: str = flag("The model.", "-m", group="model", metavar="MODEL")
    length: int | None = flag("How long.", group="model", default=None, metavar="N")
    kind: Literal["a", "b"] = flag("Which.", group="output", default="a")
    folder: Path | None = flag("Where.", "-r", group="output", default=None, metavar="DIR")
    share: float = flag("How much.", group="output", default=0.5, metavar="SHARE")
    resume: bool = flag("Go on.", group="output", default=False)
    report: bool = flag("Report.", group="output", default=True)
    upper: str = flag("Any case.", group="output", default="x", metavar="X", parse=str.lower)
    quiet: str = "no flag"


def parse(*argv: str) -> dict:
    """The fields that were typed."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_dataclass_flags(parser, Options)
    return list_typed(Options, parser.parse_args(argv))


def test_only_what_was_typed_is_there_and_has_its_type():
    assert parse() == {}
    typed = parse(
        *["-m", "M", "--length", "3", "--kind", "b", "-r", "out", "--share", "1e-1"],
        *["--resume", "--report", "false", "--upper", "ABC"],
    )
    assert typed == {
        **{"model": "M", "length": 3, "kind": "b", "folder": Path("out"), "share": 0.1},
        **{"resume": True, "report": False, "upper": "abc"},
    }
    assert Options(**parse("--model", "M")) == Options(model="M")


@pytest.mark.parametrize("argv", ["--length long", "--kind c", "--report maybe", "--quiet yes"])
def test_what_does_not_fit_is_refused(argv):
    with pytest.raises((argparse.ArgumentError, SystemExit)):
        parse(*argv.split())


def test_the_help_has_groups_and_defaults():
    parser = argparse.ArgumentParser()
    add_dataclass_flags(parser, Options)
    text = parser.format_help()
    assert text.index("\nmodel:\n") < text.index("-m MODEL, --model MODEL") < text.index("\noutput:\n")
    assert "How much. (default: 0.5)" in text
    assert "Report. (default: true)" in text
    assert "Go on.\n" in text
    assert "quiet" not in text


def test_what_is_missing_is_named():
    check_needed(Options, {"model": "M"}, "infer")
    with pytest.raises(UserError, match=r"^-m/--model MODEL is missing: The model\.\nHelp: .* infer -h$"):
        check_needed(Options, {}, "infer")
