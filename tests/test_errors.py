"""Messages stay readable, whatever they quote."""

import pytest

from token_classification import cli
from token_classification.data.formats import read_sentences
from token_classification.errors import LONGEST_LINE, DataError, UserError
from token_classification.exit_codes import run_command

LONG = "x" * 5_000_000


def test_what_is_too_long_loses_its_middle():
    error = UserError(f"a.conll:1: found {LONG}; accepted: a word\na.conll:2: fine")
    first, second = str(error).split("\n")
    assert len(first) == LONGEST_LINE
    assert first.startswith("a.conll:1: found xxx")
    assert first.endswith("x; accepted: a word")
    assert second == "a.conll:2: fine"


FILES = {
    "a.conll": f"Anna O\n{LONG}\nParis O\n",
    "a.conllu": f"1\tAnna\t_\tX{chr(9)}_\t_\t_\t_\t_\t_\n{LONG}\n",
    "a.json": f'[{{"tokens": ["a"], "tags": ["{LONG}", "b"]}}]',
    "a.csv": f"{LONG},b\na,b\n",
}


@pytest.mark.parametrize("name", FILES)
def test_a_line_of_megabytes_is_not_printed_whole(tmp_path, capsys, name):
    (tmp_path / name).write_text(FILES[name])
    with pytest.raises(DataError) as caught:
        read_sentences(tmp_path / name)
    assert len(str(caught.value)) <= 2 * LONGEST_LINE
    for flags in ([], ["--json", str(tmp_path / "out.json")]):
        assert run_command(cli.run, ["check", str(tmp_path / name), *flags]) == 2
    output = capsys.readouterr()
    assert len(output.out) + len(output.err) < 20_000
    assert (tmp_path / "out.json").stat().st_size < 50_000
