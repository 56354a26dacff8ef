"""preprocess.py as it is typed: what it writes, what it says, and what it makes of the real GermEval files."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType

import pytest
from conftest import ROOT, build_roberta
from transformers import PreTrainedTokenizerBase

from token_classification.arguments.model import ModelArguments
from token_classification.exit_codes import run_command
from token_classification.modeling.tokenizer import load_tokenizer

TEXT = "\x96 B-PER\nAnna I-PER\nwent O\n\n\xad O\n\nParis B-LOC\n"
OURS = "Anna B-PER\nwent O\n\nParis B-LOC\n\n"
COUNTS = "sentences 3 -> 2, words 5 -> 3, entities 2 -> 2, splits 0, words without content 2 (U+0096 1, U+00AD 1)\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(preprocess, capsys, monkeypatch) -> Run:
    """Run the command in this process; gives its exit code, stdout and stderr."""

    def run_here(*arguments: object, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            code = run_command(preprocess.main, list(map(str, arguments)))
        except SystemExit as error:  # argparse's own
            code = error.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_here


@pytest.fixture
def file(tmp_path) -> Path:
    """A file with two words to filter."""
    (tmp_path / "train.txt.tmp").write_text(TEXT, encoding="utf-8")
    return tmp_path / "train.txt.tmp"


def test_as_typed_with_a_pipe_for_a_file(file, bert_folder):
    script = ROOT / "scripts" / "preprocess.py"
    command = f"'{sys.executable}' '{script}' <(cat '{file}') '{bert_folder}' 128"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert (done.returncode, done.stdout.decode()) == (0, OURS)
    assert done.stderr.decode().endswith(f": {COUNTS}")


def test_a_file_and_the_standard_input_give_the_same(run, file, bert_folder):
    assert run(file, bert_folder, 128) == (0, OURS, f"{file}: {COUNTS}")
    assert run("-", bert_folder, 128, stdin=TEXT.encode()) == (0, OURS, f"standard input: {COUNTS}")


def test_line_ends_marks_and_columns_are_taken_as_they_come(run, bert_folder):
    text = "\ufeffAnna\tX\tB-PER\r\nwent\tY\tO \r\n \t\r\n-DOCSTART-\tX\tO\r\nto O"
    assert run("-", bert_folder, 128, stdin=text.encode())[1] == "Anna\tX\tB-PER\nwent\tY\tO\n\nto O\n\n"


def test_special_tokens_have_their_place_in_max_len(run, bert_folder):
    assert run("-", bert_folder, 4, stdin=b"to O\nto O\nto O\n")[1] == "to O\nto O\n\nto O\n\n"


def test_legacy_is_the_originals_output(run, file, bert_folder):
    assert run(file, bert_folder, 128, "--legacy") == (0, "Anna I-PER\nwent O\n\n\nParis B-LOC\n", "")
    text = "-DOCSTART- O\n\nto O\nto B-X\nto I-X\n\n\xa0 O\n"
    # Every letter and dash of -DOCSTART- is a sub-token, more than fit: an empty line comes first.
    expected = "\n-DOCSTART- O\n\nto O\nto B-X\n\nto I-X\n\n\xa0 O\n"
    assert run("-", bert_folder, 4, "--legacy", stdin=text.encode())[1] == expected


def test_legacy_tokenizes_words_without_a_blank_before(run, tmp_path):
    build_roberta().save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "roberta"}')
    plain, as_in_text = build_roberta(), load_tokenizer(ModelArguments(str(tmp_path)))
    word = "went"
    sizes = [len(tokenizer.tokenize(word)) for tokenizer in (plain, as_in_text)]
    assert sizes == [3, 1]
    text = f"{word} O\n{word} O\n"
    assert run("-", tmp_path, 2 + 2, "--legacy", stdin=text.encode())[1] == f"\n{word} O\n\n{word} O\n"
    assert run("-", tmp_path, 2 + 2, stdin=text.encode())[1] == f"{text}\n"


def test_keep_all_words_replaces_what_would_be_filtered(run, file, bert_folder):
    code, output, error = run(file, bert_folder, 128, "--keep_all_words")
    assert (code, output) == (0, "[UNK] B-PER\nAnna I-PER\nwent O\n\n[UNK] O\n\nParis B-LOC\n\n")
    assert "words 5 -> 5" in error


def test_keep_all_words_works_without_an_unknown_token(run, file, tmp_path):
    tokenizer = build_roberta()
    tokenizer.unk_token = None
    tokenizer.save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "roberta"}')
    assert run(file, tmp_path, 128, "--keep_all_words")[1].startswith("<mask> B-PER\nAnna I-PER\n")


MISTAKES = {
    "no such file": (["{folder}/train.txt.tpm", "{model}", "128"], "train.txt.tpm: no such file"),
    "a folder": (["{folder}", "{model}", "128"], "can't be read"),
    "no such model": (["{file}", "{folder}/nothing", "128"], "model {folder}/nothing: "),
    "no number": (["{file}", "{model}", "much"], "MAX_LEN: invalid int value: 'much'"),
    "no room": (["{file}", "{model}", "2"], "give at least 3"),
    "less than nothing": (["{file}", "{model}", "-5"], "give at least 3"),
    "something missing": (["{file}", "{model}"], "required: MAX_LEN"),
    "both ways": (["{file}", "{model}", "128", "--legacy", "--keep_all_words"], "not allowed with"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_end_with_a_message_and_exit_code_2(mistake, run, file, bert_folder):
    arguments, expected = MISTAKES[mistake]
    names = {"folder": file.parent, "file": file, "model": bert_folder}
    code, output, error = run(*(argument.format(**names) for argument in arguments))
    assert (code, output) == (2, "")
    assert expected.format(**names) in error


@pytest.mark.parametrize("flags", [[], ["--keep_all_words"]])
def test_bad_lines_are_all_named_before_anything_is_written(flags, run, file, bert_folder):
    file.write_bytes(b"Anna B-PER\nwent\n\nto O\n\xfc O\n")
    code, output, error = run(file, bert_folder, 128, *flags)
    assert (code, output) == (2, "")
    assert f"{file}:2: no tag ('went')" in error
    assert f"{file}:5: not UTF-8 (byte 0xFC)" in error


def test_a_bad_line_of_the_standard_input_is_named(run, bert_folder):
    code, output, error = run("-", bert_folder, 128, stdin=b"Anna B-PER\nwent\n")
    assert (code, output) == (2, "")
    assert "standard input:2: no tag" in error


def test_a_file_that_is_not_utf8_is_named_by_legacy_too(run, file, bert_folder):
    file.write_bytes(b"Anna B-PER\n\xfc O\n")
    assert run(file, bert_folder, 128, "--legacy")[:2] == (2, "")


def write_with(
    preprocess: ModuleType, tokenizer: PreTrainedTokenizerBase, content: bytes, max_len: int
) -> tuple[str, str]:
    """What write_sentences gives for a content: stdout and stderr."""
    output, errors = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n"), io.StringIO()
    options = preprocess.parse_arguments(["-", "model", str(max_len)])
    budget = max_len - tokenizer.num_special_tokens_to_add()
    counter = preprocess.SubTokenCounter(tokenizer)
    with redirect_stdout(output), redirect_stderr(errors):
        preprocess.write_sentences(io.BytesIO(content), "input", counter, budget, options)
    return output.buffer.getvalue().decode(), errors.getvalue()


def test_every_tokenizer_filters_the_same_words(preprocess, any_tokenizer):
    empty = [*"\x80\x95\x96\xad\u200e\x85\xa0\u3000\u200b\ufeff\u2028", "\xa0\xad"]
    text = "".join(f"Anna B-PER\n{word} I-PER\nwent O\n\n" for word in empty)
    output, errors = write_with(preprocess, any_tokenizer, text.encode(), 128)
    assert output == "Anna B-PER\nwent O\n\n" * len(empty)
    assert f"words {3 * len(empty)} -> {2 * len(empty)}" in errors


@pytest.fixture(scope="module")
def encoder_folder() -> str:
    """The folder of the small encoder from a package."""
    command = [sys.executable, str(ROOT / "sample" / "encoder.py")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def encoder_tokenizer(encoder_folder) -> PreTrainedTokenizerBase:
    """The tokenizer of the small encoder."""
    return load_tokenizer(ModelArguments(encoder_folder))


def extract_columns(file: Path) -> bytes:
    """The walk-through's own pipeline."""
    pipeline = f"grep -v '^#' '{file}' | cut -f 2,3 | tr '\\t' ' '"
    return subprocess.run(["bash", "-c", pipeline], capture_output=True, check=True).stdout


def read_rows(text: str) -> list[list[list[str]]]:
    """Sentences of [word, tag]."""
    blocks = (block.split("\n") for block in text.split("\n\n"))
    return [[line.split(" ") for line in block if line] for block in blocks]


def find_entities(sentences: list[list[list[str]]]) -> list[tuple[str, ...]]:
    """Type and words of each entity of well-formed IOB2."""
    entities = []
    for sentence in sentences:
        for place, (word, tag) in enumerate(sentence):
            if tag.startswith("B-") or (tag.startswith("I-") and place == 0):
                entities.append((tag[2:], word))
            elif tag.startswith("I-"):
                entities[-1] += (word,)
    return entities


@pytest.mark.real_data
@pytest.mark.parametrize("max_len", [128, 32])
@pytest.mark.parametrize(("split", "filtered"), [("dev", "U+0096 1"), ("test", "U+0094 1")])
def test_germeval_loses_no_word_and_no_entity(split, filtered, max_len, real_data, preprocess, encoder_tokenizer):
    content = extract_columns(real_data / "germeval2014" / f"{split}.tsv")
    output, errors = write_with(preprocess, encoder_tokenizer, content, max_len)
    before, after = read_rows(content.decode()), read_rows(output)
    words = [word for sentence in before for word, _ in sentence]
    kept = [word for sentence in after for word, _ in sentence]
    assert kept == [word for word in words if word not in ("\x96", "\x94")]
    assert len(words) == len(kept) + 1
    assert f"words without content 1 ({filtered})" in errors

    def measure(words: tuple[str, ...]) -> int:
        return len(encoder_tokenizer([*words], is_split_into_words=True, add_special_tokens=False)["input_ids"])

    found = find_entities(after)
    for entity_type, *entity in find_entities(before):
        got = found.pop(0)
        while got != (entity_type, *entity):
            assert measure(tuple(entity)) > max_len - 2, f"cut without need: {entity}"
            got += found.pop(0)[1:]
    assert found == []
    assert all(len(part) == 1 or measure(tuple(word for word, _ in part)) <= max_len - 2 for part in after)


@pytest.mark.real_data
def test_germeval_labels_are_those_of_the_files(real_data, preprocess, encoder_tokenizer, tmp_path):
    tags = set()
    for split in ("dev", "test"):
        content = extract_columns(real_data / "germeval2014" / f"{split}.tsv")
        tags |= {tag for sentence in read_rows(content.decode()) for _, tag in sentence}
        (tmp_path / f"{split}.txt").write_text(
            write_with(preprocess, encoder_tokenizer, content, 128)[0], encoding="utf-8"
        )
    pipeline = """cat dev.txt test.txt | cut -d " " -f 2 | grep -v "^$"| sort | uniq"""
    command = ["bash", "-c", pipeline]
    labels = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split("\n")[:-1]
    assert set(labels) == tags
    assert len(labels) == len(tags)
    assert {"B-LOCderiv", "B-ORGpart"} < tags


@pytest.mark.real_data
def test_costs_no_more_than_twice_the_bare_tokenizer_call(real_data, preprocess, encoder_tokenizer):
    content = extract_columns(real_data / "germeval2014" / "test.tsv")
    words = [[word for word, _ in sentence] for sentence in read_rows(content.decode())]

    def seconds(step: Callable[[], object]) -> float:
        start = time.process_time()
        step()
        return time.process_time() - start

    ratios = [
        seconds(lambda: write_with(preprocess, encoder_tokenizer, content, 128))
        / seconds(lambda: encoder_tokenizer(words, is_split_into_words=True))
        for _ in range(5)
    ]
    assert sorted(ratios)[2] <= 2


PEAK = """
import sys, preprocess
preprocess.main(sys.argv[1:])
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")), file=sys.stderr)
"""


def measure_peak(sentences: int, folder: Path, model: Path) -> int:
    """Peak memory in KiB of a run over so many sentences of 20 words."""
    words = [f"{chr(97 + number % 26)}{number % 9973} O\n" for number in range(20_000)]
    with open(folder / "stream.txt", "w") as stream:
        stream.writelines("".join(words[at % 1000 * 20 :][:20]) + "\n" for at in range(sentences))
    with open(folder / "stream.txt") as stream:
        done = subprocess.run(
            [sys.executable, "-c", PEAK, "-", str(model), "128"],
            env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
            stdin=stream,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )
    assert f"words {20 * sentences:,} -> {20 * sentences:,}" in done.stderr
    return int(done.stderr.split("VmHWM:")[1].split()[0])


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_memory_does_not_grow_with_the_input(bert_folder, tmp_path):
    small, large = (measure_peak(sentences, tmp_path, bert_folder) for sentences in (6_000, 50_000))
    assert large - small < 30_000
