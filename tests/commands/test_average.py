"""`average` as a command: its exit codes, and that it leaves all or nothing."""

from full_disk import full_disk

from token_classification import cli
from token_classification.exit_codes import run_command


def average(*arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    return run_command(cli.run, ["average", *map(str, arguments)])


def test_a_full_disk_leaves_nothing_and_the_same_command_works_later(tagger_folder, tmp_path, capsys):
    command = (tagger_folder, tagger_folder, "-r", tmp_path / "mean")
    with full_disk():
        assert average(*command) == 2
    message = capsys.readouterr().err
    assert str(tmp_path / "mean") in message
    assert "df -h" in message
    assert not (tmp_path / "mean").exists() or list((tmp_path / "mean").iterdir()) == []
    assert average(*command) == 0
    assert (tmp_path / "mean" / "model.safetensors").is_file()


def test_one_model_is_too_few(tagger_folder, tmp_path, capsys):
    assert average(tagger_folder, "-r", tmp_path / "mean") == 2
    assert "token_classification average RUN_A RUN_B -r OUT" in capsys.readouterr().err
    assert average(tagger_folder, tagger_folder) == 2
    assert "-r/--results_dir" in capsys.readouterr().err
