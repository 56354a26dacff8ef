"""The round trip of docs/annotation.md runs with every tool: train, pre-annotate, correct, train again, compare."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT, SENTENCES, write_sentences
from span_documents import require_packages

import run_ner
from token_classification import cli
from token_classification.commands.convert import write_conversion
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import SPAN_WRITERS, read_documents
from token_classification.exit_codes import run_command

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "annotation.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## The round trip\n")[2].partition("\n## ")[0]
TOOLS = [
    [name, *re.findall(r"`([^`]*)`", " ".join(cells[:4]))]
    for name, *cells in (line.strip("| ").split(" | ") for line in SECTION.splitlines() if line.startswith("| "))
    if cells[0].startswith("`") and cells[0] != "`--to`"
]
"""Name, format, and the files of labels, of corrected labels and of what is imported"""
FIRST, SECOND = (block.splitlines() for block in re.findall(r"```bash\n(.*?)```", SECTION, re.DOTALL))


def run(command, **names):
    """Run a command of the page with the names of another tool."""
    words = [names.get(word, word) for word in shlex.split(command)]
    if words[0] == "python":
        return run_command(run_ner.main, [*words[2:], "--use_cpu", "--max_steps", "2"])
    return run_command(cli.run, words[1:])


def correct(tool, imported, corrected):
    """Do what people do with the tool: say of all that it is right."""
    documents = [
        replace(document, is_labelled=True, spans=tuple(span._replace(score=None) for span in document.spans))
        for document in read_documents(imported, recognise_format(imported)).documents
    ]
    assert documents
    write_conversion(SPAN_WRITERS[tool](documents), corrected, [])


@pytest.fixture
def folder(tmp_path, bert_folder, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bert-base-uncased").symlink_to(bert_folder)
    write_sentences(tmp_path / "test.conll")
    write_sentences(tmp_path / "first.conll")
    texts = [{"doc_id": f"n{number}", "text": f"{text} {number}th time"} for number, (text, _) in enumerate(SENTENCES)]
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
    return tmp_path


def test_the_page_names_the_tools_of_the_round_trip():
    assert [tool for _, tool, *_ in TOOLS] == ["label_studio", "doccano", "prodigy", "brat", "spacy"]
    assert (len(FIRST), len(SECOND)) == (2, 3)


@pytest.mark.parametrize(("tool", "labelled", "corrected", "imported"), [row[1:] for row in TOOLS])
def test_the_round_trip_runs(folder, capsys, tool, labelled, corrected, imported):
    require_packages(tool)
    names = {"labelled.json": labelled, "corrected.json": corrected, "label_studio": tool}
    assert run_command(cli.run, ["convert", "first.conll", labelled, "--to", tool]) == 0
    for command in FIRST:
        assert run(command, **names) == 0, command
    correct(tool, Path(imported), Path(corrected))
    for command in SECOND:
        capsys.readouterr()
        assert run(command, **names) == 0, command
    assert "round-1" in capsys.readouterr().out
    found = [document.text for document in read_documents(folder / "all.jsonl", "spans").documents]
    assert len(found) == 2 * len(SENTENCES)
    assert len(set(found)) == len(found)
