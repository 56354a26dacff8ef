"""A folder of parts: which shards there are depends on the input only; whoever dies, no record is lost or twice."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import SENTENCES

from token_classification import Predictor, cli
from token_classification.errors import DataError, UserError
from token_classification.inference.bulk import BulkSettings, tag_file
from token_classification.inference.parts import folder as parts_folder
from token_classification.inference.parts import tag_parts as tag_parts_module
from token_classification.inference.parts.tag_parts import PartsSettings, tag_parts
from token_classification.inference.workers import Workers

TEXTS = [" ".join(words) for words, _ in SENTENCES]
COUNT = 60


def write_lines(path: Path, first: int = 0, count: int = COUNT) -> Path:
    """JSON lines, of which each seventh can't be read, and some are blank."""
    lines = [json.dumps({"id": first + place, "text": TEXTS[place % 8]}) for place in range(count)]
    lines[6::7] = ["{broken"] * len(lines[6::7])
    lines[3::9] = [""] * len(lines[3::9])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines))  # the last line has no end
    return path


def infer(model: Path, folder: Path | str, *inputs: Path | str, flags: tuple[str, ...] = ("--records_per_part", "8")):
    sources = [word for name in inputs for word in ("--input_file", str(name))]
    return cli.run(["infer", "-m", str(model), "-r", str(folder), *sources, *flags])


def read_tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.json*"))}


def list_records(folder: Path) -> list[dict]:
    """The records of all parts, in the order of their numbers."""
    lines = [line for path in (folder / "predictions").iterdir() for line in path.read_text().splitlines()]
    return sorted(map(json.loads, lines), key=lambda record: record["record"])


def tag_whole(model: Path, source: Path, folder: Path) -> tuple[list[dict], list[dict]]:
    """The records and the bad ones of a file in one piece."""
    folder.mkdir()
    tag_file(Predictor.from_pretrained(model), BulkSettings(str(source), folder), model)
    read = [(folder / name).read_text().splitlines() for name in ("predictions.jsonl", "predictions.errors.jsonl")]
    return [json.loads(line) for line in read[0]], [json.loads(line) for line in read[1]]


def without_scores(records: list[dict]) -> list[dict]:
    """Without what rounding may change, as the batches are others."""
    return [
        {name: value for name, value in record.items() if name != "record"}
        | {
            "entities": [
                {name: value for name, value in found.items() if name != "score"} for found in record["entities"]
            ]
        }
        for record in records
    ]


def test_the_parts_hold_the_records_of_one_file(tagger_folder, tmp_path):
    source = write_lines(tmp_path / "texts.jsonl")
    assert infer(tagger_folder, tmp_path / "parts", source) == 0
    whole, bad = tag_whole(tagger_folder, source, tmp_path / "whole")
    records = list_records(tmp_path / "parts")
    assert without_scores(records) == without_scores(whole)
    assert [record["record"] - 1 for record in records] == [record["id"] for record in records]
    found = [json.loads(line) for path in sorted((tmp_path / "parts/errors").iterdir()) for line in path.open()]
    assert [{**error, "file": None, "record": None} for error in found] == [
        {"file": None, "record": None, **error} for error in bad
    ]
    assert {error["file"] for error in found} == {str(source)}
    assert [error["line"] for error in found] == [error["record"] for error in found]
    manifest = json.loads((tmp_path / "parts/manifest.json").read_text())
    assert (manifest["records"], manifest["bad_records"]) == (len(whole) + len(bad), len(bad))
    assert [part["name"] for part in manifest["parts"]] == [f"predictions/part-{place:06}.jsonl" for place in range(8)]
    assert sum(part["bytes"] for part in manifest["parts"]) == sum(
        path.stat().st_size for path in (tmp_path / "parts/predictions").iterdir()
    )


def test_two_processes_write_the_parts_of_one(tagger_folder, tmp_path):
    source = write_lines(tmp_path / "texts.jsonl")
    infer(tagger_folder, tmp_path / "one", source)
    infer(tagger_folder, tmp_path / "two", source, flags=("--records_per_part", "8", "--num_workers", "2"))
    assert read_tree(tmp_path / "one") == read_tree(tmp_path / "two")


@pytest.mark.parametrize("number", range(11))
def test_killed_anywhere_it_goes_on(number, tagger_folder, tmp_path, monkeypatch):
    """Each write in turn is the last one that happens."""
    source = write_lines(tmp_path / "texts.jsonl", count=24)
    infer(tagger_folder, tmp_path / "one", source)
    writes = 0

    class Killed(BaseException):
        pass

    def write_and_die(write, path, content):
        nonlocal writes
        writes += 1
        if writes > number:
            raise Killed
        write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(parts_folder, "write_whole", partial(write_and_die, parts_folder.write_whole))
        with pytest.raises(Killed):
            infer(tagger_folder, tmp_path / "two", source)
    assert not (tmp_path / "two/manifest.json").exists()
    infer(tagger_folder, tmp_path / "two", source, flags=("--records_per_part", "8", "--resume"))
    assert read_tree(tmp_path / "one") == read_tree(tmp_path / "two")


def test_what_is_finished_is_not_tagged_again(tagger_folder, tmp_path, monkeypatch):
    source = write_lines(tmp_path / "texts.jsonl")
    infer(tagger_folder, tmp_path / "out", source)
    before = read_tree(tmp_path / "out")
    for name in ("manifest.json", "shards/000002.json"):
        (tmp_path / "out" / name).unlink()
    (tmp_path / "out/shards/000004.json").write_text('{"number": 4, "fi')
    write, tagged = tag_parts_module.write_part, []

    def note(predictor, job, shard):
        tagged.append(shard.number)
        return write(predictor, job, shard)

    monkeypatch.setattr(tag_parts_module, "write_part", note)
    infer(tagger_folder, tmp_path / "out", source, flags=("--records_per_part", "8", "--resume"))
    assert tagged == [2, 4]
    assert read_tree(tmp_path / "out") == before


@pytest.mark.slow
def test_the_first_process_gets_sigkill_and_the_job_goes_on(tagger_folder, tmp_path):
    source = write_lines(tmp_path / "texts.jsonl", count=4000)
    command = [sys.executable, "-m", "token_classification", "infer", "-m", tagger_folder, "-r", tmp_path / "two"]
    command += ["--input_file", source, "--records_per_part", "8", "--num_workers", "2"]
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    shards = tmp_path / "two/shards"
    while not (shards.exists() and any(shards.iterdir())) and time.monotonic() < deadline:
        assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert 0 < len(list(shards.glob("*.json"))) < 500
    infer(tagger_folder, tmp_path / "two", source, flags=("--records_per_part", "8", "--resume"))
    infer(tagger_folder, tmp_path / "one", source)
    assert read_tree(tmp_path / "one") == read_tree(tmp_path / "two")


def test_several_files_are_one_input(tagger_folder, tmp_path):
    folder = tmp_path / "in"
    write_lines(folder / "b.jsonl", first=100, count=20)
    write_lines(folder / "c/deep.jsonl", first=200, count=20)
    (folder / "a.txt").write_text("".join(f"{text}\n" for text in TEXTS))
    (folder / "d.csv").write_text("id,text\n" + "".join(f"{300 + place},{text}\n" for place, text in enumerate(TEXTS)))
    pq.write_table(pa.table({"id": range(400, 430), "text": [TEXTS[0]] * 30}), folder / "e.parquet", row_group_size=7)
    (folder / "f.jsonl.gz").write_bytes(gzip.compress(b'{"id": 500, "text": "Anna left."}\n' * 20))
    (folder / "_SUCCESS").write_text("")
    assert infer(tagger_folder, tmp_path / "out", folder) == 0
    records = list_records(tmp_path / "out")
    numbers = [record["record"] for record in records]
    assert numbers == sorted(set(numbers))
    ids = [int(record.get("id", -1)) for record in records]
    assert ids == sorted(ids)
    assert [ids.count(one) for one in (-1, 500)] == [8, 20]
    assert [one for one in ids if 300 <= one < 500] == [*range(300, 308), *range(400, 430)]
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert len({part["file"] for part in manifest["parts"]}) == 6
    two = ("--records_per_part", "8", "--num_workers", "2")
    assert infer(tagger_folder, tmp_path / "two", f"{folder}/*.*", folder / "c/deep.jsonl", flags=two) == 0
    rows = [sorted(map(json.dumps, without_scores(list_records(tmp_path / name)))) for name in ("out", "two")]
    assert rows[0] == rows[1]


def test_tables_have_the_same_columns(tagger_folder, tmp_path):
    texts = iter(TEXTS * 4)
    # A column that is empty at first, one that needs a larger type later, and one of several types.
    rows = [{"text": next(texts), "size": 1, "both": 1} for _ in range(8)]
    rows += [{"text": next(texts), "late": "x", "size": 0.5, "both": "b"} for _ in range(8)]
    rows += [{"text": next(texts), "size": 2**53 + 1, "huge": number} for number in (2**63, -1)]
    source = tmp_path / "texts.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    flags = ("--records_per_part", "8", "--output_format", "parquet")
    infer(tagger_folder, tmp_path / "one", source, flags=flags)
    infer(tagger_folder, tmp_path / "two", source, flags=(*flags, "--num_workers", "2"))
    parts = sorted((tmp_path / "one/predictions").iterdir())
    assert len({str(pq.read_schema(part)) for part in parts}) == 1
    assert [part.read_bytes() for part in parts] == [
        part.read_bytes() for part in sorted((tmp_path / "two/predictions").iterdir())
    ]
    found = pq.read_table(tmp_path / "one/predictions").to_pylist()
    assert [row["record"] for row in found] == [*range(1, len(rows) + 1)]
    assert [row["late"] for row in found] == [None] * 8 + ["x"] * 8 + [None] * 2
    assert found[0]["both"] == "1"
    assert not [*(tmp_path / "one/shards").glob("*.jsonl")]
    before = read_tree(tmp_path / "one")
    infer(tagger_folder, tmp_path / "one", source, flags=(*flags, "--resume"))
    assert read_tree(tmp_path / "one") == before


@pytest.fixture
def memory():
    files = fsspec.filesystem("memory")
    yield files
    files.rm("/", recursive=True)


def test_an_address_is_read_and_written(memory, tagger_folder, tmp_path):
    source = write_lines(tmp_path / "texts.jsonl")
    memory.pipe_file("/in/texts.jsonl", source.read_bytes())
    pq.write_table(pa.table({"text": TEXTS}), tmp_path / "texts.parquet", row_group_size=3)
    memory.pipe_file("/in/texts.parquet", (tmp_path / "texts.parquet").read_bytes())
    assert infer(tagger_folder, "memory://out", "memory://in/*.jsonl", "memory://in/texts.parquet") == 0
    infer(tagger_folder, tmp_path / "here", source, tmp_path / "texts.parquet")
    for name, content in read_tree(tmp_path / "here").items():
        if name.startswith("predictions"):
            assert memory.cat_file(f"/out/{name}") == content
    assert json.loads(memory.cat_file("/out/manifest.json"))["records"] > COUNT
    with pytest.raises(UserError, match="--resume"):
        infer(tagger_folder, "memory://out", "memory://in/*.jsonl", "memory://in/texts.parquet")
    memory.rm_file("/out/manifest.json")
    again = ("--records_per_part", "8", "--resume")
    assert infer(tagger_folder, "memory://out", "memory://in/*.jsonl", "memory://in/texts.parquet", flags=again) == 0
    assert memory.exists("/out/manifest.json")


def test_tables_are_written_to_an_address(memory, tagger_folder, tmp_path):
    source = write_lines(tmp_path / "texts.jsonl")
    flags = ("--records_per_part", "8", "--output_format", "parquet")
    infer(tagger_folder, "memory://out", source, flags=flags)
    infer(tagger_folder, tmp_path / "here", source, flags=flags)
    parts = [*(tmp_path / "here/predictions").iterdir()]
    assert len(parts) == 8
    assert all(memory.cat_file(f"/out/predictions/{part.name}") == part.read_bytes() for part in parts)
    assert not memory.glob("/out/shards/*.jsonl")


def test_one_address_becomes_one_file(memory, tagger_folder, tmp_path):
    source = write_lines(tmp_path / "texts.jsonl")
    memory.pipe_file("/in/texts.jsonl", source.read_bytes())
    assert infer(tagger_folder, tmp_path / "far", "memory://in/texts.jsonl", flags=()) == 0
    assert infer(tagger_folder, tmp_path / "near", source, flags=()) == 0
    far, near = ((tmp_path / name / "predictions.jsonl").read_bytes() for name in ("far", "near"))
    assert far == near


def test_texts_on_the_command_line_go_to_a_folder_of_this_machine(tagger_folder):
    with pytest.raises(UserError, match="memory://out: an address; accepted: a folder of this machine"):
        cli.run(["infer", "-m", str(tagger_folder), "-r", "memory://out", "Anna left."])


def test_results_inside_of_the_input_are_refused(memory, tagger_folder, tmp_path):
    write_lines(tmp_path / "in/texts.jsonl")
    memory.pipe_file("/in/texts.jsonl", b'{"text": "Anna left."}\n')
    for folder in (tmp_path / "in", "memory://in"):
        with pytest.raises(UserError, match="inside of --input_file"):
            infer(tagger_folder, f"{folder}/out", folder)


@pytest.mark.parametrize(
    ("inputs", "flags", "message"),
    [
        (["memory://in/nothing.jsonl"], (), "no such file"),
        (["nothing-*.jsonl"], (), "no file there"),
        (["strange://in/texts.jsonl"], (), "can't be reached"),
        (["texts.jsonl"], ("--records_per_part", "0"), "--records_per_part 0"),
        (["texts.jsonl", "texts.jsonl"], ("--to", "doccano"), "--to doccano"),
        (["texts.jsonl", "texts.jsonl"], ("--output_format", "conll"), "accepted are jsonl"),
    ],
)
def test_mistakes_are_named(inputs, flags, message, tagger_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_lines(tmp_path / "texts.jsonl")
    with pytest.raises(UserError, match=message):
        infer(tagger_folder, tmp_path / "out", *inputs, flags=flags)


def test_another_machine_that_does_not_share_the_folder_is_named(tagger_folder, tmp_path, monkeypatch):
    source = write_lines(tmp_path / "texts.jsonl")
    predictor = Predictor.from_pretrained(tagger_folder)
    monkeypatch.setattr("token_classification.inference.parts.write_part.checksum_job", lambda folder: "another")
    with pytest.raises(UserError, match="doesn't find the results of this job"):
        tag_parts(predictor, PartsSettings([str(source)], tmp_path / "out"), tagger_folder)


def test_another_file_on_another_machine_is_named(tagger_folder, tmp_path, monkeypatch):
    source = write_lines(tmp_path / "texts.jsonl")
    predictor = Predictor.from_pretrained(tagger_folder)
    write = tag_parts_module.write_part

    def change_and_write(predictor, job, shard):
        source.write_bytes(source.read_bytes().replace(b"id", b"ix"))
        return write(predictor, job, shard)

    monkeypatch.setattr(tag_parts_module, "write_part", change_and_write)
    with pytest.raises(DataError, match="is not what the first process has read"):
        tag_parts(predictor, PartsSettings([str(source)], tmp_path / "out"), tagger_folder)


def test_what_is_counted_is_the_sum_over_parts(tagger_folder, tmp_path, monkeypatch):
    source = write_lines(tmp_path / "texts.jsonl")
    module = "token_classification.inference.parts.write_part"
    monkeypatch.setattr(f"{module}.tally_scores", lambda predictor, answers: {"score.3": len(answers)})
    predictor = Predictor.from_pretrained(tagger_folder)
    for resume in (False, True):
        settings = PartsSettings([str(source)], tmp_path / "out", size=5, resume=resume)
        progress = tag_parts(predictor, settings, tagger_folder)
        assert progress.tallies == {"score.3": progress.records - progress.bad_records}


def test_shards_are_the_same_however_many_tag(tagger_folder, tmp_path):
    source = write_lines(tmp_path / "texts.jsonl")
    opener = partial(Predictor.from_pretrained, str(tagger_folder))
    predictor = opener()
    for count in (1, 3):
        settings = PartsSettings([str(source)], tmp_path / str(count), size=5)
        tag_parts(predictor, settings, tagger_folder, Workers(count, opener))
    assert read_tree(tmp_path / "1") == read_tree(tmp_path / "3")
