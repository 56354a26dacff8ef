"""A spec becomes the options of `evaluate`; what runs then: `tests/tao/test_commands.py` and `tests/commands`."""

from pathlib import Path

import pytest
from conftest import SENTENCES, write_sentences
from tao_runs import run

from token_classification.commands.evaluate import EvaluateOptions
from token_classification.tao.evaluate import translate_evaluate
from token_classification.tao.spec import load_spec

GIVEN = ["restore_from=model", "data_dir=data"]


@pytest.mark.parametrize(
    ("overrides", "typed", "expected"),
    [
        ([], {}, {"test_file": "data/text_dev.txt", "per_device_eval_batch_size": 1}),
        (
            ["test_ds.text_file=text_test.txt", "test_ds.batch_size=8", "report=false"],
            {},
            {"test_file": "data/text_test.txt", "per_device_eval_batch_size": 8, "report": False},
        ),
        (
            ["model.dataset.max_seq_length=-1", "model.decoder=viterbi"],
            {},
            {"max_seq_length": -1, "decoder": "viterbi"},
        ),
        (
            ["model.decoder=viterbi"],
            {"decoder": "argmax", "test_file": "test.conll", "task_name": "pos"},
            {"decoder": "argmax", "test_file": "test.conll", "task_name": "pos"},
        ),
    ],
)
def test_a_spec_is_translated_and_flags_win(overrides, typed, expected):
    options = translate_evaluate(load_spec("evaluate", None, [*GIVEN, *overrides], []), Path("out"), typed)
    usual = {"test_file": "data/text_dev.txt", "per_device_eval_batch_size": 1}
    assert options == EvaluateOptions(model="model", results_dir=Path("out"), **usual | expected)


def test_a_typed_file_takes_the_place_of_the_folder(tagger_folder, tmp_path, capsys):
    (tmp_path / "spec.yaml").write_text("data_dir: ???\nreport: false\n")
    known = [(words, tags.replace("ORG", "PER")) for words, tags in SENTENCES]
    test_file = write_sentences(tmp_path / "test.conll", known)
    spec = ["-e", tmp_path / "spec.yaml", "-m", tagger_folder, "-r", tmp_path / "out"]
    assert run("evaluate", *spec, "--test_file", test_file) == 0
    assert "DATALOADER:0 TEST RESULTS" in capsys.readouterr().out
    assert (tmp_path / "out" / "infer_test.conll").is_file()
