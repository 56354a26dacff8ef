"""How far a run has come: what is recorded is on the disk, and only the same run continues it."""

import pytest

from token_classification.errors import UserError
from token_classification.inference.progress import AppendedFile, Progress, open_progress

SETTINGS = {"model": "a", "threshold": "0.0"}
NAMES = ["predictions.jsonl"]


def test_a_run_continues_its_own_progress(tmp_path):
    new = open_progress(tmp_path, SETTINGS, NAMES, resume=True)
    assert new == Progress(SETTINGS)
    new.records, new.sizes = 3, {"predictions.jsonl": 10}
    new.write(tmp_path)
    assert open_progress(tmp_path, SETTINGS, NAMES, resume=True) == new


def test_results_stay_unless_they_are_continued_by_the_same_run(tmp_path):
    Progress(SETTINGS).write(tmp_path)
    with pytest.raises(UserError, match=r"predictions\.progress\.json: an earlier run.*--resume"):
        open_progress(tmp_path, SETTINGS, NAMES, resume=False)
    with pytest.raises(UserError, match=r"threshold: 0\.0 then, 0\.5 now"):
        open_progress(tmp_path, SETTINGS | {"threshold": "0.5"}, NAMES, resume=True)


def test_results_without_progress_are_not_continued(tmp_path):
    (tmp_path / "predictions.jsonl").touch()
    for resume in (True, False):
        with pytest.raises(UserError, match=r"predictions\.jsonl: .*-r"):
            open_progress(tmp_path, SETTINGS, NAMES, resume=resume)


@pytest.mark.parametrize("content", ["", "[]", "{}", "{", '{"settings": {}, "records": "1"}', "\0", '{"settings": 1}'])
def test_progress_that_no_run_left_is_refused(tmp_path, content):
    (tmp_path / "predictions.progress.json").write_text(content)
    with pytest.raises(UserError, match=r"predictions\.progress\.json: not as a run left it"):
        open_progress(tmp_path, SETTINGS, NAMES, resume=True)


def test_an_unfinished_chunk_is_cut_off(tmp_path):
    path = tmp_path / "predictions.jsonl.partial"
    with AppendedFile(path, 0) as file:
        file.append(b"whole\n")
        size = file.flush()
        file.append(b"unfini")
    with AppendedFile(path, size) as file:
        file.append(b"next\n")
        assert file.flush() == path.stat().st_size
    assert path.read_bytes() == b"whole\nnext\n"
    with pytest.raises(UserError, match="shorter than when the run stopped"):
        AppendedFile(path, 100)
