"""What `run_ner.py` answers to mistakes that show only once the data or the model is there."""

import pytest

import run_ner
from token_classification.exit_codes import run_command

MISTAKES = {
    "no test file": (["--do_predict"], "--test_file"),
    "missing file": (["--do_train", "--train_file", "{folder}/eight.conl"], "eight.conll"),
    "no such model": (["--model_name_or_path", "{folder}/nothing", "--do_train"], "model.safetensors"),
    "window too small": (["--do_train", "--max_seq_length", "2"], "--max_seq_length"),
    "epochs": (["--do_train", "--num_train_epochs", "-1"], "--num_train_epochs must be 0 or more"),
    "metric": (
        ["--do_train", "--validation_split", "0.5", "--eval_strategy", "epoch", "--metric_for_best_model", "F1"],
        "There are loss, precision, recall, f1,",
    ),
    "no labels": (["--do_eval", "--validation_file", "{folder}/eight.conll"], "--labels"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_end_with_a_message_and_exit_code_2(mistake, bert_folder, conll_file, tmp_path, capsys):
    arguments, expected = MISTAKES[mistake]
    arguments = [argument.format(folder=tmp_path) for argument in arguments]
    output = tmp_path / "model"
    common = ["--model_name_or_path", bert_folder, "--train_file", conll_file, "--output_dir", output]
    assert run_command(run_ner.main, [*map(str, common), *arguments, "--use_cpu"]) == 2
    error = capsys.readouterr().err
    assert any(line.startswith("error: ") for line in error.splitlines())
    assert expected in error
    assert "Traceback" not in error
    assert not output.exists() or not any(output.iterdir())
