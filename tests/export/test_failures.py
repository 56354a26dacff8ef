"""A converter that fails ends in one line with its reason, whatever it raises."""

import pytest

from token_classification.errors import RejectedError, UserError
from token_classification.export.failures import LONGEST_REASON, explain_failure, find_reason


def fail_inside_out() -> None:
    """Fail as torch's exporter does: the reason is what the exception goes back to."""
    try:
        raise TypeError("this branch depends on data\nmore\nlines")
    except TypeError as error:
        raise RuntimeError("\x1b[96mThis is step 1/3\x1b[0m of exporting") from error


def test_the_reason_is_that_of_the_first_exception():
    message = r"^model m: no \(TypeError: this branch depends on data\); type --quantize none$"
    with pytest.raises(UserError, match=message), explain_failure("model m: no", "type --quantize none"):
        fail_inside_out()


def test_a_place_in_the_source_is_no_reason():
    error = RuntimeError("Check 'false' failed at src/report.cpp:151:\n\x1b[1mModel wasn't converted\x1b[0m\nlog")
    assert find_reason(error) == "RuntimeError: Model wasn't converted"
    assert find_reason(NotImplementedError()) == "NotImplementedError"
    assert len(find_reason(ValueError("x" * 1000))) == len("ValueError: ") + LONGEST_REASON


@pytest.mark.parametrize("error", [RejectedError("worse"), UserError("mine"), OSError(28, "full"), MemoryError()])
def test_what_is_said_in_one_line_elsewhere_stays_as_it_is(error):
    with pytest.raises(type(error)) as caught, explain_failure("what", "advice"):
        raise error
    assert caught.value is error


def test_a_runtime_that_cannot_load_what_was_just_written_is_a_failure_too():
    refused = pytest.raises(UserError, match=r"^model m: no \(KeyError: 'Mod'\); advice")
    with refused, explain_failure("model m: no", "advice"):
        raise UserError("fetch the folder again") from KeyError("Mod")
