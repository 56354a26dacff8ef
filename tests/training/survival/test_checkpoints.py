"""Where a run may write, and what it goes on from."""

from pathlib import Path

import pytest
from conftest import write_checkpoint

from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.results_folder import claim_files, lock_folder
from token_classification.errors import UserError
from token_classification.training.survival.checkpoints import FINISHED_RUN_FILE, find_checkpoint, find_last_checkpoint


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output folder that isn't there yet."""
    return tmp_path / "out"


def find(folder: Path, **settings) -> str | None:
    """Find the checkpoint of a run into `folder`."""
    return find_checkpoint(NerTrainingArguments(output_dir=str(folder), use_cpu=True, **settings))


def add_checkpoint(folder: Path, step: int) -> str:
    """Add a good checkpoint."""
    return str(write_checkpoint(folder, step))


def test_a_new_folder_is_a_fresh_start(out: Path) -> None:
    assert find(out) is None
    assert not out.exists()


def test_an_empty_folder_is_a_fresh_start(out: Path) -> None:
    out.mkdir()
    assert find(out) is None


def test_other_files_are_not_written_over(out: Path) -> None:
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match=r"already holds files\. .*--overwrite_output_dir.*--resume_from_checkpoint"):
        find(out)
    assert find(out, overwrite_output_dir=True) is None
    assert (out / "thesis.txt").read_text() == "mine"


def test_a_model_folder_is_not_taken_for_a_checkpoint(out: Path) -> None:
    out.mkdir()
    for name in ("config.json", "model.safetensors", "trainer_state.json"):
        (out / name).write_text("{}")
    with pytest.raises(UserError, match="already holds files"):
        find(out)
    assert find(out.parent / "another") is None


def test_an_unfinished_run_is_continued_from_its_last_checkpoint(out: Path, caplog: pytest.LogCaptureFixture) -> None:
    add_checkpoint(out, 9)
    last = add_checkpoint(out, 10)
    assert find(out) == last
    assert f"Continuing from {last}" in caplog.text
    assert "--overwrite_output_dir" in caplog.text


def test_an_unfinished_run_can_be_started_afresh(out: Path, caplog: pytest.LogCaptureFixture) -> None:
    old = Path(add_checkpoint(out, 9))
    weights = (old / "model.safetensors").read_bytes()
    assert find(out, overwrite_output_dir=True) is None
    assert f"Checkpoints of an earlier run in {out}" in caplog.text
    assert (old / "model.safetensors").read_bytes() == weights


def test_auto_does_not_go_on_from_a_run_that_was_written_over(out: Path) -> None:
    add_checkpoint(out, 100)
    assert find(out, overwrite_output_dir=True) is None
    assert find(out, resume_from_checkpoint="auto") is None
    new = add_checkpoint(out, 5)
    assert find(out, resume_from_checkpoint="auto") == new


def test_a_finished_run_is_not_written_over(out: Path) -> None:
    last = add_checkpoint(out, 9)
    (out / FINISHED_RUN_FILE).write_text("{}")
    with pytest.raises(UserError, match="already holds a finished run"):
        find(out)
    assert find(out, resume_from_checkpoint="true") == last
    assert find(out, overwrite_output_dir=True) is None


@pytest.mark.parametrize("word", ["true", "True", "auto"])
def test_the_last_checkpoint_is_found_when_asked_for(out: Path, word: str) -> None:
    add_checkpoint(out, 9)
    last = add_checkpoint(out, 100)
    assert find(out, resume_from_checkpoint=word) == last
    assert find(out, resume_from_checkpoint=word, overwrite_output_dir=True) == last


def test_no_checkpoint_to_continue_from_is_named(out: Path) -> None:
    with pytest.raises(UserError, match=r"--resume_from_checkpoint true: .*out holds no checkpoint .* auto"):
        find(out, resume_from_checkpoint="true")


def test_auto_begins_from_the_start_where_there_is_no_checkpoint(out: Path) -> None:
    assert find(out, resume_from_checkpoint="auto") is None
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="already holds files"):
        find(out, resume_from_checkpoint="auto")


@pytest.mark.parametrize("settings", [{}, {"resume_from_checkpoint": "auto"}, {"resume_from_checkpoint": "true"}])
def test_a_broken_checkpoint_is_named_and_passed_over(out: Path, caplog: pytest.LogCaptureFixture, settings) -> None:
    good, broken = add_checkpoint(out, 9), Path(add_checkpoint(out, 10))
    (broken / "optimizer.pt").write_bytes(b"PK")
    assert find(out, **settings) == good
    assert f"{broken} is skipped: optimizer.pt is broken" in caplog.text


def test_a_run_killed_at_its_first_checkpoint_starts_afresh(out: Path, caplog: pytest.LogCaptureFixture) -> None:
    (Path(add_checkpoint(out, 9)) / "trainer_state.json").unlink()
    (out / "runs").mkdir()
    assert find(out) is None
    assert "checkpoint-9 is skipped: trainer_state.json missing" in caplog.text


@pytest.mark.parametrize("content", ["", '{"best_metr'])
@pytest.mark.parametrize("settings", [{}, {"resume_from_checkpoint": "auto"}])
def test_a_disk_that_was_full_at_the_first_checkpoint_is_no_obstacle(
    out: Path, caplog: pytest.LogCaptureFixture, content: str, settings: dict
) -> None:
    (Path(add_checkpoint(out, 9)) / "trainer_state.json").write_text(content)
    assert find(out, **settings) is None
    assert "checkpoint-9 is skipped: trainer_state.json is broken" in caplog.text
    assert "starts from the beginning" in caplog.text


def test_what_says_whose_folder_it_is_is_no_obstacle(out: Path) -> None:
    with lock_folder(out, "--output_dir"):
        claim_files(out, ["run.json"])
        assert find(out) is None


def test_a_finished_checkpoint_that_broke_later_is_not_written_over(out: Path) -> None:
    (Path(add_checkpoint(out, 9)) / "optimizer.pt").unlink()
    with pytest.raises(UserError, match="already holds files"):
        find(out)


def test_other_folders_are_no_checkpoints(out: Path) -> None:
    last = add_checkpoint(out, 9)
    add_checkpoint(out, 10)
    (out / "checkpoint-10").rename(out / "checkpoint-10-kept")
    (out / "checkpoint-11").write_text("no folder")
    assert find_last_checkpoint(out) == last
    assert find_last_checkpoint(out / "absent") is None


def test_a_given_broken_checkpoint_is_refused(out: Path) -> None:
    given = Path(add_checkpoint(out, 9))
    (given / "scheduler.pt").unlink()
    with pytest.raises(UserError, match=r"scheduler.pt missing.*--resume_from_checkpoint auto"):
        find(out, resume_from_checkpoint=str(given))


def test_a_folder_that_cannot_be_written_to_is_refused(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may write anywhere, so that permissions would not do.
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != out.parent)
    with pytest.raises(UserError, match=f"--output_dir .*deeper: {out.parent} can't be written to"):
        find(out / "deeper")


def test_false_asks_for_no_checkpoint(out: Path) -> None:
    assert find(out, resume_from_checkpoint="false") is None


def test_a_given_checkpoint_is_taken(out: Path) -> None:
    add_checkpoint(out, 10)
    given = add_checkpoint(out.parent / "another", 5)
    assert find(out, resume_from_checkpoint=given) == given


def test_a_given_folder_that_is_no_checkpoint_is_refused(out: Path, bert_folder: Path) -> None:
    for given in (str(out / "checkpoint-1"), str(bert_folder)):
        with pytest.raises(UserError, match=r"--resume_from_checkpoint .*no checkpoint"):
            find(out, resume_from_checkpoint=given)


def test_a_file_in_the_place_of_the_folder_is_refused(out: Path) -> None:
    out.write_text("a file")
    with pytest.raises(UserError, match=r"--output_dir .*out: .*out is a file"):
        find(out)
