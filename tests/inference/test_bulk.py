"""Files to files of entities: every record once, in order, also when the run is killed again and again."""

import errno
import gzip
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from pipes import pipe

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, SENTENCES

from token_classification import Predictor
from token_classification.data.formats import read_sentences
from token_classification.errors import DataError, UserError
from token_classification.hardware import has_accelerator
from token_classification.inference import predictor as predictor_module
from token_classification.inference.bulk import BulkSettings, tag_file
from token_classification.inference.progress import AppendedFile

TEXTS = [words for words, _ in SENTENCES]


@pytest.fixture(scope="module")
def predictor(tagger_folder) -> Predictor:
    return Predictor.from_pretrained(tagger_folder)


@pytest.fixture
def small_chunks(monkeypatch) -> None:
    """Chunks of three texts."""
    monkeypatch.setattr(predictor_module, "TEXTS_PER_CHUNK", 3)


def write_records(path: Path, count: int = 30) -> Path:
    """Texts with ids; each seventh record is bad."""
    lines = [json.dumps({"id": place, "text": TEXTS[place % 8]}) for place in range(count)]
    lines[6::7] = ["{broken"] * len(lines[6::7])
    path.write_text("\n".join(lines) + "\n")
    return path


def tag(predictor, source: Path, folder: Path, tagger_folder: Path, **settings: object):
    folder.mkdir(exist_ok=True)
    return tag_file(predictor, BulkSettings(str(source), folder, **settings), tagger_folder)


def read_jsonl(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_records_keep_their_fields_and_order(predictor, tagger_folder, tmp_path, small_chunks):
    source = write_records(tmp_path / "in.jsonl")
    progress = tag(predictor, source, tmp_path / "out", tagger_folder)
    assert (progress.records, progress.bad_records, progress.finished) == (30, 4, True)
    records = read_jsonl(tmp_path / "out" / "predictions.jsonl")
    assert [record["id"] for record in records] == [place for place in range(30) if place % 7 != 6]
    expected = predictor(TEXTS)
    for record in records:
        found = [(entity["start"], entity["label"], entity["text"]) for entity in record["entities"]]
        assert found == [(e["start"], e["label"], e["text"]) for e in expected[record["id"] % 8]]
    assert progress.entities == sum(len(record["entities"]) for record in records) > 0
    errors = read_jsonl(tmp_path / "out" / "predictions.errors.jsonl")
    assert [error["line"] for error in errors] == [7, 14, 21, 28]
    assert errors[0]["found"] == "'{broken'"
    assert not list((tmp_path / "out").glob("*.partial"))


def test_without_bad_records_there_is_no_file_of_them(predictor, tagger_folder, tmp_path):
    (tmp_path / "in.txt").write_text("Anna\n")
    tag(predictor, tmp_path / "in.txt", tmp_path / "out", tagger_folder)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"predictions.jsonl", "predictions.progress.json"}


def test_word_lists_get_tags_and_the_text_that_offsets_count_in(predictor, tagger_folder, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"tokens": ["Anna", "left \\ud800"]}\n')
    tag(predictor, tmp_path / "in.jsonl", tmp_path / "out", tagger_folder)
    [record] = read_jsonl(tmp_path / "out" / "predictions.jsonl")
    assert record["text"] == "Anna left \ud800"
    assert record["tags"] == predictor.engine.tag([["Anna", "left ?"]]).tags[0]


def test_conll_with_gold_can_be_scored(predictor, tagger_folder, conll_file, tmp_path):
    tag(predictor, conll_file, tmp_path / "out", tagger_folder, output_format="conll")
    gold = read_sentences(conll_file)
    scored = read_sentences(tmp_path / "out" / "predictions.conll", "0", "1")
    predicted = read_sentences(tmp_path / "out" / "predictions.conll", "0", "2")
    assert (scored.tokens, scored.tags) == (gold.tokens, gold.tags)
    assert predicted.tags == predictor.engine.tag(gold.tokens).tags


def test_parquet_holds_what_json_lines_hold(predictor, tagger_folder, tmp_path, small_chunks):
    records = [{"text": text, "n": n, "x": {}, "mixed": n if n % 2 else "a"} for n, text in enumerate(TEXTS)]
    records[3]["late"] = [1.5, 2]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, records)))
    tag(predictor, tmp_path / "in.jsonl", tmp_path / "lines", tagger_folder)
    tag(predictor, tmp_path / "in.jsonl", tmp_path / "table", tagger_folder, output_format="parquet")
    table = pq.read_table(tmp_path / "table" / "predictions.parquet").to_pylist()
    lines = read_jsonl(tmp_path / "lines" / "predictions.jsonl")
    for row, line in zip(table, lines, strict=True):
        line = line | {"mixed": json.dumps(line["mixed"]), "x": "{}", "late": line.get("late")}
        assert row == line
    assert not (tmp_path / "table" / "predictions.jsonl.partial").exists()


@pytest.mark.parametrize("output_format", ["jsonl", "conll"])
def test_gzip_holds_the_same(predictor, tagger_folder, tmp_path, small_chunks, output_format):
    source = write_records(tmp_path / "in.jsonl")
    for name in (output_format, f"{output_format}.gz"):
        tag(predictor, source, tmp_path / name, tagger_folder, output_format=name)
    plain = (tmp_path / output_format / f"predictions.{output_format}").read_bytes()
    compressed = (tmp_path / f"{output_format}.gz" / f"predictions.{output_format}.gz").read_bytes()
    assert gzip.decompress(compressed) == plain


def test_an_empty_file_gives_an_empty_file(predictor, tagger_folder, tmp_path):
    (tmp_path / "in.jsonl").write_text("")
    for output_format in ("jsonl", "parquet"):
        tag(predictor, tmp_path / "in.jsonl", tmp_path / output_format, tagger_folder, output_format=output_format)
    assert (tmp_path / "jsonl" / "predictions.jsonl").read_bytes() == b""
    assert pq.read_table(tmp_path / "parquet" / "predictions.parquet").num_rows == 0


def test_a_file_of_bad_records_is_an_error(predictor, tagger_folder, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"body": "Anna"}\n')
    with pytest.raises(DataError, match="none of its 1 records could be tagged"):
        tag(predictor, tmp_path / "in.jsonl", tmp_path / "out", tagger_folder)
    assert "choose the column of the texts" in (tmp_path / "out" / "predictions.errors.jsonl").read_text()


def test_results_are_not_written_over(predictor, tagger_folder, tmp_path):
    source = write_records(tmp_path / "in.jsonl")
    tag(predictor, source, tmp_path / "out", tagger_folder)
    before = (tmp_path / "out" / "predictions.jsonl").read_bytes()
    for output_format in ("jsonl", "conll"):
        with pytest.raises(UserError, match="--resume"):
            tag(predictor, source, tmp_path / "out", tagger_folder, output_format=output_format)
    assert tag(predictor, source, tmp_path / "out", tagger_folder, resume=True).records == 30
    assert (tmp_path / "out" / "predictions.jsonl").read_bytes() == before


def test_another_run_is_not_gone_on_with(predictor, tagger_folder, tmp_path):
    source = write_records(tmp_path / "in.jsonl")
    tag(predictor, source, tmp_path / "out", tagger_folder)
    with pytest.raises(UserError, match="output_format: jsonl then, conll now"):
        tag(predictor, source, tmp_path / "out", tagger_folder, output_format="conll", resume=True)
    write_records(source, 31)
    with pytest.raises(UserError, match="input: "):
        tag(predictor, source, tmp_path / "out", tagger_folder, resume=True)


def test_a_pipe_is_read_once_and_gone_on_with_as_stdin_is(predictor, tagger_folder, tmp_path, small_chunks, caplog):
    content = write_records(tmp_path / "in.jsonl").read_bytes()
    tag(predictor, tmp_path / "in.jsonl", tmp_path / "whole", tagger_folder)
    whole = (tmp_path / "whole" / "predictions.jsonl").read_bytes()
    with pipe(content) as source:
        assert tag(predictor, source, tmp_path / "once", tagger_folder, input_format="jsonl").records == 30
    assert (tmp_path / "once" / "predictions.jsonl").read_bytes() == whole
    with pipe(content) as source, pytest.raises(MemoryError):
        tag(FailingPredictor(predictor, chunks=4), source, tmp_path / "twice", tagger_folder, input_format="jsonl")
    with pipe(content) as source:
        progress = tag(predictor, source, tmp_path / "twice", tagger_folder, input_format="jsonl", resume=True)
    assert progress.records == 30
    assert "can't be compared" in caplog.text
    assert (tmp_path / "twice" / "predictions.jsonl").read_bytes() == whole


class FailingPredictor:
    """A predictor whose memory is full after some chunks."""

    def __init__(self, predictor: Predictor, chunks: int):
        self._predictor, self._left = predictor, chunks

    def __getattr__(self, name: str):
        return getattr(self._predictor, name)

    def tag_texts(self, texts):
        """Tag some texts, or fail."""
        self._left -= 1
        if self._left < 0:
            raise MemoryError
        return self._predictor.tag_texts(texts)


def test_parquet_does_not_come_out_of_a_pipe(predictor, tagger_folder, tmp_path):
    pq.write_table(pa.table({"text": TEXTS}), tmp_path / "in.parquet")
    with pipe((tmp_path / "in.parquet").read_bytes()) as source, pytest.raises(UserError, match="give the file"):
        tag(predictor, source, tmp_path / "out", tagger_folder)


def test_a_file_that_changes_while_it_is_read_is_refused(predictor, tagger_folder, tmp_path, small_chunks):
    source = write_records(tmp_path / "in.jsonl")

    class Meddler(FailingPredictor):
        def tag_texts(self, texts):
            write_records(source, 40)
            return super().tag_texts(texts)

    with pytest.raises(DataError, match="was changed while it was read"):
        tag(Meddler(predictor, chunks=99), source, tmp_path / "out", tagger_folder)
    assert not (tmp_path / "out" / "predictions.jsonl").exists()
    with pytest.raises(UserError, match="input: "):
        tag(predictor, source, tmp_path / "out", tagger_folder, resume=True)


def read_results(folder: Path) -> dict[str, bytes]:
    """What a run has left under the names of results."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = {path.relative_to(folder).as_posix(): path for path in files}
    unfinished = (".partial", ".progress.json", ".unfinished")
    return {name: path.read_bytes() for name, path in names.items() if not any(part in name for part in unfinished)}


@pytest.mark.parametrize("operation", ["fsync", "replace"])
@pytest.mark.parametrize("output_format", ["jsonl", "parquet", "label_studio", "brat"])
def test_a_full_disk_keeps_what_is_done(
    predictor, tagger_folder, tmp_path, small_chunks, monkeypatch, operation, output_format
):
    """At whichever of its writes: the message says how to go on, and that leaves what a whole run does."""
    source = write_records(tmp_path / "in.jsonl")
    tag(predictor, source, tmp_path / "whole", tagger_folder, output_format=output_format)
    real = getattr(os, operation)
    for moment in (1, 2, 3, 4):
        calls = itertools.count(1)

        def refuse(*arguments, calls=calls, moment=moment):
            if next(calls) == moment:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments)

        monkeypatch.setattr(os, operation, refuse)
        with pytest.raises(UserError, match=r"No space left.*--resume goes on"):
            tag(predictor, source, tmp_path / "full", tagger_folder, output_format=output_format, resume=True)
    monkeypatch.undo()
    tag(predictor, source, tmp_path / "full", tagger_folder, output_format=output_format, resume=True)
    assert read_results(tmp_path / "full") == read_results(tmp_path / "whole")


def run_and_be_killed(work, moment: int) -> bool:
    """Run in a child process that is killed at the given one of its file operations; gives whether it was."""
    child = os.fork()
    if child == 0:
        left = moment

        def count_down(operation):
            def counted(*arguments, **settings):
                nonlocal left
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return operation(*arguments, **settings)

            return counted

        AppendedFile.append = count_down(AppendedFile.append)
        for name in ("fsync", "replace"):
            setattr(os, name, count_down(getattr(os, name)))
        try:
            work()
        except BaseException:
            # This process must not go on as a second pytest.
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


@pytest.mark.skipif(has_accelerator(), reason="a forked process can't use the accelerator of its parent")
@pytest.mark.parametrize(
    ("output_format", "longest"),
    [("jsonl", 11), ("jsonl.gz", 11), ("parquet", 11), ("label_studio", 11), ("brat", 75)],
    ids=str,
)
def test_a_run_killed_again_and_again_leaves_what_a_whole_one_leaves(
    predictor, tagger_folder, tmp_path, small_chunks, output_format, longest
):
    source = write_records(tmp_path / "in.jsonl")
    tag(predictor, source, tmp_path / "whole", tagger_folder, output_format=output_format)
    whole = read_results(tmp_path / "whole")
    generator = random.Random(0)
    kills = 0
    while run_and_be_killed(
        lambda: tag(predictor, source, tmp_path / "killed", tagger_folder, output_format=output_format, resume=True),
        generator.randint(0, longest),
    ):
        kills += 1
        # What has its name is whole.
        found = read_results(tmp_path / "killed")
        assert found.items() <= whole.items()
        assert len({name for name in found if "/" in name}) in (0, len({name for name in whole if "/" in name}))
    assert kills >= 3
    assert read_results(tmp_path / "killed") == whole


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tagger_folder, tmp_path):
    """2,000 records of 20 kB are 40 MB, which would be seen."""
    for count in (100, 2000):
        record = json.dumps({"text": "Anna", "page": "x" * 20_000}) + "\n"
        (tmp_path / f"{count}.jsonl").write_text(record * count)
        (tmp_path / str(count)).mkdir()
    script = f"""
import resource, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from token_classification import Predictor
from token_classification.inference import predictor
from token_classification.inference.bulk import BulkSettings, tag_file
predictor.TEXTS_PER_CHUNK = 50
folder, model = map(Path, sys.argv[1:])
tagger = Predictor.from_pretrained(model)
for name in ("100", "2000"):
    tag_file(tagger, BulkSettings(str(folder / f"{{name}}.jsonl"), folder / name), model)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
    command = [sys.executable, "-c", script, str(tmp_path), str(tagger_folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    few, many = map(int, done.stdout.split()[-2:])
    assert many - few < 20


def test_a_run_goes_on_only_where_its_file_is_read_in_the_same_way(predictor, tagger_folder, tmp_path):
    (tmp_path / "in.txt").write_text("Anna\tB-PER\nleft\tO\n\nParis\tB-LOC\n")
    tag(predictor, tmp_path / "in.txt", tmp_path / "out", tagger_folder)
    assert tag(predictor, tmp_path / "in.txt", tmp_path / "out", tagger_folder, resume=True).records == 2
    assert tag(predictor, tmp_path / "in.txt", tmp_path / "out", tagger_folder, resume=True, input_format="conll")
    with pytest.raises(UserError, match="input_format: conll then, text now"):
        tag(predictor, tmp_path / "in.txt", tmp_path / "out", tagger_folder, resume=True, input_format="text")


def test_labels_beside_the_text_are_an_input(predictor, tagger_folder, tmp_path):
    (tmp_path / "text_dev.txt").write_text("Anna left\n")
    (tmp_path / "labels_dev.txt").write_text("B-PER O\n")
    tag(predictor, tmp_path / "text_dev.txt", tmp_path / "out", tagger_folder)
    (record,) = read_jsonl(tmp_path / "out" / "predictions.jsonl")
    assert (record["tokens"], record["gold"]) == (["Anna", "left"], ["B-PER", "O"])
    (tmp_path / "labels_dev.txt").write_text("O O\n")
    with pytest.raises(UserError, match="input: "):
        tag(predictor, tmp_path / "text_dev.txt", tmp_path / "out", tagger_folder, resume=True)
