"""The optimizer of a spec."""

import pytest

from token_classification.errors import UserError
from token_classification.tao.dialect import speaking_tao
from token_classification.tao.optimizer import translate_optimizer
from token_classification.tao.spec import load_spec
from token_classification.training.optimizer import NamedOptimizer


def translate(*overrides: str) -> NamedOptimizer:
    """The optimizer of a spec, its errors as they are shown."""
    spec = load_spec("train", None, [f"model.optim.{override}" for override in overrides], [])
    with speaking_tao("train"):
        return translate_optimizer(spec.model.optim)


def test_lists_of_a_spec_become_tuples_and_null_is_the_default():
    assert translate("betas=[0.8,0.5]", "eps=null") == NamedOptimizer("adam", 5e-5, 0.0, {"betas": (0.8, 0.5)})


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["name=novograd"], r"no such optimizer; those that work: adam, adamw, .*rprop.*adam or adamw"),
        (["name=lamb"], r"those that work: adam, adamw.*Nearest to it: adamw"),
        (["name=rmspropp"], r"model.optim.name=rmspropp: no such optimizer; .*model.optim.name=rmsprop\b"),
        (["name=Adam"], r"model.optim.name=adam\b"),
        (["name=sgd", "betas=[0.9,0.99]"], r"model.optim: sgd has no setting betas; it takes momentum"),
        (["name=rprop", "weight_decay=0.01"], r"model.optim.weight_decay=0.01: rprop has no weight decay"),
        (["betas=[2.0,0.9]"], r"model.optim: adam does not take .*Invalid beta.*betas=\(2.0, 0.9\)"),
        (["lr=0"], r"model.optim.lr=0.0: the learning rate has to be above 0"),
    ],
)
def test_errors_say_what_works(overrides, message):
    with pytest.raises(UserError, match=message):
        translate(*overrides)
