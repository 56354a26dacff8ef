"""What stands in for the world in tests of the walk-throughs: small raw files, and an environment that is set up.

The shell scripts set up their environment before anything else. Here `python` says that it lives in a folder of the
test and that pip has done its work, so that no test installs anything, whatever the real environment looks like.
"""

import os
import sys
from pathlib import Path

PYTHON = """#!/usr/bin/env bash
case "$*" in
  *"sys.prefix"*) echo "{folder}" ;;
  "-m pip"*) ;;
  *) exec "{python}" "$@" ;;
esac
"""

PYTHON_WITHOUT_MODEL = PYTHON.replace(
    "  *) exec",
    """  *preprocess.py*) echo "${{*:2}}" >>"{folder}/calls"; cat "$2" ;;
  *run_ner.py*) echo "${{*:2}}" >>"{folder}/calls" ;;
  *) exec""",
)
"""Where only the shell is tested: preprocess.py gives its input back, run_ner.py writes down what it is asked to do"""

GERMEVAL = [
    ("Anna Smith moved from Berlin to New York .", "B-PER I-PER O O B-LOC O B-LOC I-LOC O"),
    ("The Berlin office of Acme-Corporation was closed .", "O B-LOCderiv O O B-ORGpart O O O"),
    ("John \x96 went to London on Wednesday", "B-PER O O O B-LOC O O"),
    ("Globex and Acme Corporation joined #photography", "B-ORG O B-ORG I-ORG O O"),
]
"""Words and outer tags; \\x96 is one of the control characters of the real files."""

TWEETS = [
    ("#photography by Anna Smith in Paris", "O O B-person I-person O B-location"),
    ("Where is Globex ?", "O O B-corporation O"),
    ("@user went to London", "O O O B-location"),
]
TWEETS_WITH_TWO_TAGS = [("#photography of Boston", "B-product O B-location,B-person"), *TWEETS[1:]]


def write_germeval() -> bytes:
    """Number, word, outer and inner tag a line, TAB between; a line with # before each sentence."""
    lines = []
    for words, tags in GERMEVAL:
        lines.append("#\thttp://de.wikipedia.org/wiki/Manfred_Korfmann [2009-10-17]")
        pairs = zip(words.split(" "), tags.split(" "), strict=True)
        lines += [f"{number}\t{word}\t{tag}\tO" for number, (word, tag) in enumerate(pairs, start=1)] + [""]
    return ("\n".join(lines) + "\n").encode()


def write_wnut17(tweets: list[tuple[str, str]]) -> bytes:
    """Word TAB tag a line."""
    blocks = [zip(words.split(" "), tags.split(" "), strict=True) for words, tags in tweets]
    return "".join("".join(f"{word}\t{tag}\n" for word, tag in pairs) + "\n" for pairs in blocks).encode()


RAW_FILES = {
    **{f"{split}.tsv": write_germeval() for split in ("train", "dev", "test")},
    **{f"{split}.conll": write_wnut17(TWEETS) for split in ("train", "dev")},
    "test.conll": write_wnut17(TWEETS_WITH_TWO_TAGS),
}


def write_program(path: Path, text: str) -> None:
    """Write a program that can be called."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def set_up_environment(folder: Path, python: str = PYTHON) -> dict[str, str]:
    """The variables of an active environment in a folder, whose `python` and `python3` are the text given.

    No setting of a walk-through is among them, no proxy stands before loopback, and tiny models get one core.
    """
    for name in ("python", "python3"):
        write_program(folder / "bin" / name, python.format(folder=folder, python=sys.executable))
    settings = {name for name in os.environ if name.startswith(("GERMEVAL_", "WNUT17_"))} | {
        *("MAX_LENGTH", "BERT_MODEL", "OUTPUT_DIR", "BATCH_SIZE", "NUM_EPOCHS", "SAVE_STEPS", "SEED")
    }
    kept = {name: value for name, value in os.environ.items() if name not in settings}
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return (
        kept
        | {"VIRTUAL_ENV": str(folder), "PATH": path, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        | dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1")
    )


def read_calls(folder: Path) -> list[str]:
    """What the stand-in for Python in a folder was asked to do."""
    return (folder / "calls").read_text().splitlines()
