"""Files to redacted files: the same format, no name anywhere, and the original again for whoever has the key."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from redaction.name_finder import KEY, NAMES, NameFinder, redact_file
from token_classification.errors import DataError, UserError
from token_classification.inference import predictor as predictor_module
from token_classification.redaction.redaction_files import RedactionFiles
from token_classification.redaction.restore_file import restore_file
from token_classification.redaction.substitutes import Naming

pytestmark = pytest.mark.usefixtures("cheap_scrypt")

NUMBER = Naming("number")


def restore(folder: Path, redacted: Path | None = None, key: str = KEY) -> bytes:
    redacted = redacted or next(
        path for path in folder.glob("redacted.*") if path.suffix in (".txt", ".jsonl", ".csv")
    )
    restore_file(redacted, folder / "redacted.mapping", key, folder / "original")
    return (folder / "original").read_bytes()


TEXT_FILES = {
    "lines": "Anna Smith left .\n\nShe is in Paris, says ANNA SMITH .\n",
    "CRLF": "Anna left .\r\nParis\r\n",
    "no last line end": "Anna left .\nParis",
    "CR inside and before the end": "An\rna Anna\r left\nAnna\r\r\nParis\n",
    "marks": "[PER_1] Anna [PER_2] Zoë\n[PER] []\n",
    "byte order mark": "\ufeffAnna left\n",
    "unusual": "Zoë \u2028 Ōsaka 東京 😀 \x00 Anna \x85\n \t Paris \u00a0\n",
}


@pytest.mark.parametrize("content", TEXT_FILES.values(), ids=TEXT_FILES)
def test_lines_of_text_come_back_byte_for_byte(content, tmp_path):
    (tmp_path / "in.txt").write_bytes(content.encode())
    redact_file(tmp_path / "in.txt", tmp_path / "out", NUMBER, input_format="text")
    redacted = (tmp_path / "out" / "redacted.txt").read_text(encoding="utf-8")
    assert not [name for name in NAMES if name in redacted]
    assert restore(tmp_path / "out") == content.encode()


def test_names_are_numbered_anew_in_each_document(tmp_path):
    (tmp_path / "in.txt").write_text("Anna met Smith . Anna left .\nSmith .\n")
    redact_file(tmp_path / "in.txt", tmp_path / "out", NUMBER)
    assert (tmp_path / "out" / "redacted.txt").read_text() == "[PER_1] met [PER_2] . [PER_1] left .\n[PER_1] .\n"


def test_fields_of_json_stay_unless_they_tell_a_name(tmp_path):
    record = {
        "id": 7,
        "text": "Anna left \ud83d Paris .",
        "title": "About ANNA",
        "entities": [{"start": 0, "end": 4, "label": "PER", "text": "Anna"}],
        "source": {"url": "http://x/annabel"},
    }
    (tmp_path / "in.jsonl").write_text(json.dumps(record) + "\n" + json.dumps({"text": "nobody", "id": None}) + "\n")
    progress = redact_file(tmp_path / "in.jsonl", tmp_path / "out", NUMBER)
    first, second = map(json.loads, (tmp_path / "out" / "redacted.jsonl").read_text().splitlines())
    assert first == {"id": 7, "text": "[PER_1] left \ud83d [LOC_1] .", "source": {"url": "http://x/annabel"}}
    assert second == {"text": "nobody", "id": None}
    assert progress.tallies == {
        "replaced.PER": 1,
        "replaced.LOC": 1,
        "redacted_documents": 1,
        "records_with_fields_left_out": 1,
    }
    restored = [json.loads(line) for line in restore(tmp_path / "out").splitlines()]
    assert [list(row.items()) for row in restored] == [list(record.items()), [("text", "nobody"), ("id", None)]]


def test_json_as_python_writes_it_comes_back_byte_for_byte(tmp_path):
    lines = [json.dumps({"text": text, "n": 1}, ensure_ascii=False) for text in ("Anna\r\nZoë", "", "x", "東京")]
    (tmp_path / "in.jsonl").write_bytes("\r\n".join(lines).encode())
    redact_file(tmp_path / "in.jsonl", tmp_path / "out", NUMBER)
    assert restore(tmp_path / "out") == (tmp_path / "in.jsonl").read_bytes()


def test_tables_keep_their_columns(tmp_path):
    content = 'id;text;who\n1;"Anna; ""left""\nParis";Anna\n2;nobody;\n'
    (tmp_path / "in.csv").write_text(content)
    redact_file(tmp_path / "in.csv", tmp_path / "out", NUMBER)
    with open(tmp_path / "out" / "redacted.csv", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    assert rows == [["id", "text", "who"], ["1", '[PER_1]; "left"\n[LOC_1]', ""], ["2", "nobody", ""]]
    assert restore(tmp_path / "out").decode() == content


def test_words_become_the_words_of_the_substitutes(tmp_path):
    (tmp_path / "in.conll").write_text("Anna\tB-PER\nSmith\tI-PER\nleft\tO\n\nhere\tO\n")
    redact_file(tmp_path / "in.conll", tmp_path / "out", NUMBER)
    rows = [json.loads(line) for line in (tmp_path / "out" / "redacted.jsonl").read_text().splitlines()]
    assert rows == [{"tokens": ["[PER_1]", "left"]}, {"tokens": ["here"]}]
    restored = [json.loads(line)["tokens"] for line in restore(tmp_path / "out").splitlines()]
    assert restored == [["Anna", "Smith", "left"], ["here"]]


def test_gold_labels_tell_what_leaked(tmp_path):
    rows = ["Anna B-PER", "left O", "", "Bob B-PER", "Smith I-PER", "", "Oslo B-LOC", "Paris B-LOC"]
    (tmp_path / "in.conll").write_text("\n".join(rows).replace(" ", "\t") + "\n")
    tallies = redact_file(tmp_path / "in.conll", tmp_path / "out", NUMBER).tallies
    leaks = {name: count for name, count in tallies.items() if name.startswith(("gold", "leaked"))}
    # Of Bob Smith, the first name was not replaced.
    assert leaks == {"gold.PER": 2, "leaked.PER": 1, "gold.LOC": 2, "leaked.LOC": 1}
    record = {"tokens": ["Anna", "Bob"], "ner_tags": ["B-PER", "B-PER"]}
    (tmp_path / "in.jsonl").write_text(json.dumps(record) + "\n")
    progress = redact_file(tmp_path / "in.jsonl", tmp_path / "json", NUMBER, labels=frozenset(["PER"]))
    assert (progress.tallies["gold.PER"], progress.tallies["leaked.PER"]) == (2, 1)
    assert json.loads((tmp_path / "json" / "redacted.jsonl").read_text()) == {"tokens": ["[PER_1]", "Bob"]}


def test_a_gzipped_file_becomes_a_plain_one(tmp_path):
    (tmp_path / "in.txt.gz").write_bytes(gzip.compress(b"Anna\nParis"))
    redact_file(tmp_path / "in.txt.gz", tmp_path / "out", NUMBER)
    assert (tmp_path / "out" / "redacted.txt").read_text() == "[PER_1]\n[LOC_1]\n"


def test_nothing_of_an_unreadable_record_is_written(tmp_path, caplog):
    lines = [
        b'{"text": "Anna"}',
        b'{"text": "Zo\xeb hidden"',
        b'{"title": "hidden Anna"}',
        b'{"text": 5, "x": "hidden"}',
    ]
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    progress = redact_file(tmp_path / "in.jsonl", tmp_path / "out", NUMBER)
    assert progress.bad_records == 3
    errors = [json.loads(line) for line in (tmp_path / "out" / "redacted.errors.jsonl").read_text().splitlines()]
    assert [sorted(error) for error in errors] == [["line", "reason"]] * 3
    assert [error["line"] for error in errors] == [2, 3, 4]
    for path in (tmp_path / "out").iterdir():
        assert not [word for word in (b"hidden", b"Anna", b"title") if word in path.read_bytes()], path
    assert not [word for word in ("hidden", "Anna") if word in caplog.text]
    assert json.loads(restore(tmp_path / "out")) == {"text": "Anna"}


def test_a_killed_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(predictor_module, "TEXTS_PER_CHUNK", 2)
    content = "".join(f"{number} Anna in Paris\n" for number in range(9))
    (tmp_path / "in.txt").write_text(content)

    class Dying(NameFinder):
        left = 2

        def tag_texts(self, texts):
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            return super().tag_texts(texts)

    with pytest.raises(KeyboardInterrupt):
        redact_file(tmp_path / "in.txt", tmp_path / "out", NUMBER, finder=Dying())
    assert not (tmp_path / "out" / "redacted.mapping").exists()
    assert b"Anna" not in b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir())
    with pytest.raises(UserError, match="redaction: number then, mask now"):
        redact_file(tmp_path / "in.txt", tmp_path / "out", Naming("mask"), resume=True)
    with pytest.raises(UserError, match="labels: all then, PER now"):
        redact_file(tmp_path / "in.txt", tmp_path / "out", NUMBER, labels=frozenset(["PER"]), resume=True)
    with pytest.raises(UserError, match="the key does not fit"):
        redact_file(tmp_path / "in.txt", tmp_path / "out", NUMBER, key="another key of many letters", resume=True)
    progress = redact_file(tmp_path / "in.txt", tmp_path / "out", NUMBER, resume=True)
    assert (progress.records, progress.tallies["replaced.PER"]) == (9, 9)
    assert (tmp_path / "out" / "redacted.txt").read_text() == content.replace("Anna", "[PER_1]").replace(
        "Paris", "[LOC_1]"
    )
    assert restore(tmp_path / "out") == content.encode()


def test_ending_the_files_twice_is_ending_them_once(tmp_path, monkeypatch):
    """A kill between the end of the files and the note that they are finished."""
    (tmp_path / "in.txt").write_text("Anna\nParis")
    finish = RedactionFiles.finish

    def die(self, *arguments):
        finish(self, *arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(RedactionFiles, "finish", die)
    with pytest.raises(KeyboardInterrupt):
        redact_file(tmp_path / "in.txt", tmp_path / "out", NUMBER)
    monkeypatch.setattr(RedactionFiles, "finish", finish)
    redact_file(tmp_path / "in.txt", tmp_path / "out", NUMBER, resume=True)
    assert restore(tmp_path / "out") == b"Anna\nParis"


def test_an_empty_file_is_restored(tmp_path):
    (tmp_path / "in.txt").write_bytes(b"")
    redact_file(tmp_path / "in.txt", tmp_path / "out", NUMBER, input_format="text")
    assert restore(tmp_path / "out") == b""


@pytest.mark.parametrize(("line", "is_input"), [('{"text": "Anna"}', True), ('{"text":"Anna"}', False)])
def test_restoring_tells_whether_it_is_the_input(line, is_input, tmp_path):
    (tmp_path / "in.jsonl").write_text(line + "\n")
    redact_file(tmp_path / "in.jsonl", tmp_path / "out", NUMBER)
    folder = tmp_path / "out"
    restored = restore_file(folder / "redacted.jsonl", folder / "redacted.mapping", KEY, folder / "original")
    assert (restored.records, restored.is_input) == (1, is_input)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("left", "stayed"), r"redacted.txt:1: not the text that redact wrote"),
        (lambda text: text + "one more\n", r"redacted.txt:3: .* do not have the same records"),
        (lambda text: text.partition("\n")[0] + "\n", r"do not have the same records"),
    ],
)
def test_a_changed_text_is_not_restored(change, message, tmp_path):
    (tmp_path / "in.txt").write_text("Anna left\nParis\n")
    redact_file(tmp_path / "in.txt", tmp_path / "out", NUMBER)
    redacted = tmp_path / "out" / "redacted.txt"
    redacted.write_text(change(redacted.read_text()))
    with pytest.raises(DataError, match=message):
        restore(tmp_path / "out")
    assert not (tmp_path / "out" / "original").exists()


def test_a_wrong_label_is_refused(tmp_path):
    (tmp_path / "in.txt").write_text("Anna\n")
    with pytest.raises(UserError, match="--labels PERSON: the model has no such label; accepted are LOC, ORG, PER"):
        redact_file(tmp_path / "in.txt", tmp_path / "out", NUMBER, labels=frozenset(["PERSON"]))
