"""`preprocess.py --legacy` beside the original script, written anew from what it does: byte for byte."""

import io
from contextlib import redirect_stdout
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase

BLANKS_OF_PYTHON = "\x85\xa0\u2028\u3000"
"""What str.split() takes for blanks, and files have as words"""
EMPTY_WORDS = "\x80\x95\x96\xad\u200e\u200b"
"""Words of which some tokenizers make nothing"""

words = st.one_of(
    st.sampled_from(
        ["Anna", "moved", "to", "Berlin", "Corporation", "co-operate", "übermäßig", "😀", "-DOCSTART-", "#"]
    ),
    st.sampled_from([*BLANKS_OF_PYTHON, *EMPTY_WORDS, "\xa0\xad", "\ufeff"]),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\n"), min_size=1, max_size=9),
)
tags = st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", ""])
rows = st.tuples(words, st.sampled_from([" ", "\t", "  ", "\xa0"]), tags, st.sampled_from(["", " ", "\t"])).map(
    "".join
)
lines = st.one_of(rows, rows, rows, st.sampled_from(["", "", " ", "\t", "\x85", "-DOCSTART- O"]))
files = st.lists(st.tuples(lines, st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])).map("".join), max_size=14).map(
    "".join
)


def print_as_the_original(content: bytes, tokenizer: PreTrainedTokenizerBase, max_len: int) -> str:
    """What the original prints.

    A file is read as `open` reads it. Of each line only blanks at its end are lost. An empty one is printed, and a new
    sentence begins. The word is what stands before the first blank; one without sub-tokens leaves with its line. An
    empty line is printed before a word whose sub-tokens would bring the sentence over the limit, the first word of a
    sentence not excepted.
    """
    limit = max_len - tokenizer.num_special_tokens_to_add()
    printed: list[str] = []
    sentence: list[int] = []
    for line in io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"):
        kept = line.rstrip()
        if kept == "":
            printed.append("")
            sentence = []
            continue
        length = len(tokenizer.tokenize(kept.split(maxsplit=1)[0]))
        if length:
            if sum(sentence) + length > limit:
                printed.append("")
                sentence = []
            printed.append(kept)
            sentence.append(length)
    return "".join(f"{line}\n" for line in printed)


def print_ours(preprocess: ModuleType, content: bytes, tokenizer: PreTrainedTokenizerBase, max_len: int) -> str:
    """What `preprocess.py - MODEL MAX_LEN --legacy` prints."""
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n")
    options = preprocess.parse_arguments(["-", "model", str(max_len), "--legacy"])
    budget = max_len - tokenizer.num_special_tokens_to_add()
    with redirect_stdout(output):
        preprocess.write_as_the_original(
            io.BytesIO(content), "input", preprocess.SubTokenCounter(tokenizer), budget, options
        )
    return output.buffer.getvalue().decode()


@given(text=files, max_len=st.integers(3, 14))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_files_come_out_as_the_original_prints_them(preprocess, any_tokenizer, text, max_len):
    content = text.encode()
    assert print_ours(preprocess, content, any_tokenizer, max_len) == print_as_the_original(
        content, any_tokenizer, max_len
    )


@pytest.mark.real_data
@pytest.mark.parametrize("max_len", [16, 128])
def test_germeval_comes_out_as_the_original_prints_it(preprocess, wordpiece, real_data, max_len):
    rows = (real_data / "germeval2014" / "dev.tsv").read_text(encoding="utf-8").split("\n")
    content = "\n".join(" ".join(row.split("\t")[1:3]) for row in rows if not row.startswith("#")).encode()
    ours = print_ours(preprocess, content, wordpiece, max_len)
    assert ours == print_as_the_original(content, wordpiece, max_len)
    assert ours.count("\n") > 20_000
