"""Some architectures on trial, one for each way of being different; `make zoo` tries all of them."""

import pytest
from transformers.models.auto.modeling_auto import MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES

from zoo.cells import BASIC, COLUMNS, EXPORTS
from zoo.encoders import ARCHITECTURES
from zoo.examine import BUG, LEFT_OUT, NO, YES, examine
from zoo.table import BEGIN, END, PAGE, format_results, read_results

pytestmark = pytest.mark.slow

FAMILIES = ["roberta", "mpnet", "deberta", "deberta-v2", "modernbert", "fnet", "xlnet", "t5", "llama", "bros"]


def test_every_architecture_of_the_library_is_in_the_table():
    assert {*ARCHITECTURES} == {*MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES} == {*read_results()}


def test_the_page_shows_what_was_found():
    assert (
        PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0] == f"\n{format_results(read_results())}"
    )


def test_nothing_fails_without_a_word():
    for name, cells in read_results().items():
        assert [*cells] == [*COLUMNS], name
        for column, cell in cells.items():
            assert cell.answer in (YES, NO, LEFT_OUT), (name, column)
            assert cell.remark or cell.answer != NO, (name, column)
    assert BUG not in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_what_the_page_says(name):
    expected = read_results()[name]
    assert examine(name, BASIC) == {column: expected[column] for column in BASIC}


def test_an_export_is_what_the_page_says():
    columns = {"trains": COLUMNS["trains"], "OpenVINO": EXPORTS["OpenVINO"]}
    expected = read_results()["bert"]
    assert examine("bert", columns) == {column: expected[column] for column in columns}
