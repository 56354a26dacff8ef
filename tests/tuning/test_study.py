"""What a study remembers of trials that did not end."""

import pytest

from token_classification.errors import UserError
from token_classification.tuning.space import STARTS
from token_classification.tuning.study import count_ended, list_begun, opened_study, settle_interrupted
from token_classification.tuning.tune import read_limits

optuna = pytest.importorskip("optuna", reason='needs the extra "tune"')


def test_what_is_interrupted_twice_is_not_begun_again(tmp_path):
    for _ in range(3):
        with opened_study(tmp_path / "my ?#% study.sqlite", {"seed": 1}) as study:
            settle_interrupted(study)
            study.ask().suggest_float("learning_rate", 2e-5, 5e-4)
    with opened_study(tmp_path / "my ?#% study.sqlite", {"seed": 1}) as study:
        settle_interrupted(study)
        rates = [trial.params["learning_rate"] for trial in list_begun(study)]
        waiting = study.get_trials(states=(optuna.trial.TrialState.WAITING,))
        assert count_ended(study) == 0
    # The queue goes by age: the second start, then the first one again.
    assert rates == [start["learning_rate"] for start in (*STARTS, STARTS[0])]
    assert [trial.user_attrs["repeats"] for trial in waiting] == [1]
    assert (tmp_path / "my ?#% study.sqlite").is_file()


def test_settling_that_is_killed_is_done_again(tmp_path, monkeypatch):
    with opened_study(tmp_path / "study.sqlite", {}) as study:
        study.ask().suggest_float("learning_rate", 2e-5, 5e-4)
        with monkeypatch.context() as patch:
            patch.setattr(study, "tell", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                settle_interrupted(study)
        settle_interrupted(study)
        repeats = [trial for trial in study.trials if "repeats" in trial.user_attrs]
    assert len(repeats) == 1


def test_optuna_logs_as_before(tmp_path):
    before = optuna.logging.get_verbosity()
    with opened_study(tmp_path / "study.sqlite", {}):
        pass
    assert optuna.logging.get_verbosity() == before


@pytest.mark.parametrize(
    ("trials", "hours", "expected"),
    [
        (None, None, (20, float("inf"))),
        (3, None, (3, float("inf"))),
        (None, 0.5, (float("inf"), 1800)),
        (3, 2, (3, 7200)),
    ],
)
def test_limits(trials, hours, expected):
    assert read_limits(trials, hours, 20) == expected


@pytest.mark.parametrize(("trials", "hours"), [(0, None), (None, 0.0), (None, float("nan")), (None, float("inf"))])
def test_limits_into_which_nothing_fits(trials, hours):
    with pytest.raises(UserError, match=r"--(trials|hours) must be"):
        read_limits(trials, hours, 20)
