"""The table of architectures is whole, and the page shows it; `make zoo` tries them."""

from transformers.models.auto.modeling_auto import MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES

from zoo.encoders import ARCHITECTURES
from zoo.table import BEGIN, END, PAGE, format_results, read_results


def test_every_architecture_of_the_library_is_in_the_table():
    assert {*ARCHITECTURES} == {*MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES} == {*read_results()}


def test_the_page_shows_what_was_found():
    assert (
        PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0] == f"\n{format_results(read_results())}"
    )
