"""Lists of perturbations: what is accepted, and what the message says where it isn't."""

import pytest

from token_classification.arguments import perturbations
from token_classification.arguments.learning import LearningArguments
from token_classification.arguments.perturbations import USUAL_RATES, read_perturbations
from token_classification.errors import UserError


def test_a_list_keeps_its_order_and_its_rates():
    read = read_perturbations("spacing:0.5, typos ,case")
    assert list(read.items()) == [("spacing", 0.5), ("typos", USUAL_RATES["typos"]), ("case", 0.0)]
    assert read_perturbations("typos:1") == {"typos": 1.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("typo", r"typo is no perturbation; did you mean typos\? accepted is a list of case, typos:RATE"),
        ("case,,typos", "an empty name is no perturbation"),
        ("", "an empty name"),
        ("case,case", "case stands there twice"),
        ("case:0.5", "case has no rate; accepted is case alone"),
        ("typos:", "the rate of typos is missing; .* e.g. typos:0.1"),
        ("typos:0", "the rate of typos is 0"),
        ("typos:1.5", "the rate of typos is 1.5"),
        ("typos:nan", "the rate of typos is nan"),
        ("typos:much", "the rate of typos is much"),
    ],
)
def test_what_is_not_accepted_is_named_before_anything_is_done(text, said):
    with pytest.raises(UserError, match=f"--augment {text}: {said}"):
        LearningArguments(augment=text)


def test_names_need_faker(monkeypatch):
    monkeypatch.setattr(perturbations, "find_spec", lambda name: None)
    assert read_perturbations("case") == {"case": 0.0}
    with pytest.raises(UserError, match=r"faker is not installed; .*pip install.*; or leave names out"):
        read_perturbations("case,names")
