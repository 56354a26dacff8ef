"""The real commands, run in this process, and what they tell the user."""

import io
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import run_ner
from token_classification import cli
from token_classification.exit_codes import EXIT_MISTAKE, EXIT_REJECTED, run_command


class RefusedError(Exception):
    """A command said in a message that it can't do what it was asked for."""


class BugError(Exception):
    """A command ended as no command may, or did something wrong."""


class Warnings(logging.Handler):
    """Collects what the package warns of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning's text."""
        self.lines.append(record.getMessage())


@dataclass
class Trial:
    """One architecture on trial: a folder for its files, and what was said meanwhile."""

    folder: Path
    output: io.StringIO = field(default_factory=io.StringIO)
    """All that the commands printed"""

    def run_ner(self, *arguments: object) -> list[str]:
        """`python run_ner.py ARGUMENTS`; gives its warnings."""
        return self._run(run_ner.main, arguments)

    def run(self, *arguments: object) -> list[str]:
        """`token_classification ARGUMENTS`; gives its warnings."""
        return self._run(cli.run, arguments)

    def _run(self, command: Callable[[list[str]], int | None], arguments: tuple[object, ...]) -> list[str]:
        with self.listening() as (warnings, errors):
            code = run_command(command, list(map(str, arguments)))
        if code in (EXIT_MISTAKE, EXIT_REJECTED):
            raise RefusedError(self.clean(errors.getvalue()))
        if code != 0:
            raise BugError(f"exit code {code}: {self.clean(errors.getvalue())}")
        return warnings

    @contextmanager
    def listening(self) -> Iterator[tuple[list[str], io.StringIO]]:
        """Collect warnings and what goes to stderr; what goes to stdout is kept for the log."""
        handler, errors, package = Warnings(), io.StringIO(), logging.getLogger("token_classification")
        package.addHandler(handler)
        try:
            with redirect_stdout(self.output), redirect_stderr(errors):
                yield handler.lines, errors
        finally:
            package.removeHandler(handler)
            self.output.write(errors.getvalue())

    def clean(self, message: str) -> str:
        """What a command says in the end, in one line that reads the same on every machine."""
        ending = re.split(r"(?:^|\n)(?:error|rejected): ", message)[-1].partition("\nThis is a bug of this tool")[0]
        line = " ".join(ending.split())
        return re.sub(rf"{re.escape(str(self.folder))}/?(\w*)\S*?(?=[\s:;,.]|$)", lambda place: place[1].upper(), line)
