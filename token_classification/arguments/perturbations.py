"""How sentences can be perturbed: the names and rates that `--augment` takes, and that the robustness report shows."""

from importlib.util import find_spec

from token_classification.errors import UserError
from token_classification.extras import describe_missing
from token_classification.nearest_names import did_you_mean

USUAL_RATES = {"case": 0.0, "typos": 0.1, "punctuation": 0.0, "spacing": 0.1, "names": 0.0}
"""Perturbation -> the share of words that it changes unless another one is given; 0: it has no rate"""
ACCEPTED = ", ".join(f"{name}:RATE" if rate else name for name, rate in USUAL_RATES.items())
"""What may stand in a list of perturbations, for messages"""
INVENTS_NAMES = "names"
"""The perturbation that needs Faker"""


def read_perturbations(text: str) -> dict[str, float]:
    """Read a list such as `case,typos:0.2`.

    Returns:
        Perturbation -> its rate, in the order of the list; 0 where it has none.

    Raises:
        UserError: a name or rate that is not accepted, a name twice, or what `names` needs is not installed.

    >>> read_perturbations("case,typos:0.2,spacing")
    {'case': 0.0, 'typos': 0.2, 'spacing': 0.1}
    """
    found: dict[str, float] = {}
    for part in text.replace(" ", "").split(","):
        name, colon, rate = part.partition(":")
        if name not in USUAL_RATES:
            hint = did_you_mean(name, USUAL_RATES, otherwise="")
            raise UserError(
                f"--augment {text}: {name or 'an empty name'} is no perturbation; {hint}{' ' if hint else ''}accepted "
                f"is a list of {ACCEPTED}, e.g. case,typos:0.1."
            )
        if name in found:
            raise UserError(f"--augment {text}: {name} stands there twice; accepted is each name once.")
        found[name] = _read_rate(text, name, rate) if colon else USUAL_RATES[name]
    if INVENTS_NAMES in found and find_spec("faker") is None:
        raise UserError(f"--augment {text}: {describe_missing('faker')}; or leave {INVENTS_NAMES} out.")
    return found


def _read_rate(text: str, name: str, rate: str) -> float:
    if not USUAL_RATES[name]:
        raise UserError(f"--augment {text}: {name} has no rate; accepted is {name} alone.")
    try:
        share = float(rate)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise UserError(
            f"--augment {text}: the rate of {name} is {rate or 'missing'}; accepted is a share of the words, above 0 "
            f"and up to 1, e.g. {name}:{USUAL_RATES[name]}."
        )
    return share
