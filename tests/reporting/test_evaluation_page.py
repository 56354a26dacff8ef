"""The report's page in a real browser: no error, no request, and every filter does what it says."""

from pathlib import Path

import pytest
from chromium import needs_chromium
from tagged_splits import make_sentences, make_split, perturb

from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.reporting.evaluation import LabelledSplit, analyse_split
from token_classification.reporting.evaluation_report import write_evaluation_report
from token_classification.reporting.robustness import measure_robustness

PAGE_LENGTH = 50
HOSTILE = ["</script><script>window.hacked=1</script>", "<img src=x onerror=window.hacked=1>", "&lt;b&gt;", "<!--"]
LOG = [
    {"loss": 1.5, "step": 10},
    {"eval_f1": 0.4, "step": 10},
    {"loss": 0.5, "step": 20},
    {"eval_f1": 0.6, "step": 20},
]

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture
def show(open_page, tmp_path: Path):
    """A function that opens the report of a split."""

    def open_report(split: LabelledSplit, log_history=(), robustness=None):
        write_evaluation_report(tmp_path, analyse_split(split), log_history, robustness)
        return open_page(tmp_path / "report.html")

    return open_report


def count_found(page) -> int:
    """The number of sentences that the filters leave."""
    return int(page.locator("[role=status]").inner_text().split(" ")[0].replace(",", ""))


def read_rows(page) -> list[str]:
    """The sentences on the page, without what stands above and below their words."""
    return page.evaluate(
        """[...document.querySelectorAll(".row .text")].map((row) => {
             const copy = row.cloneNode(true);
             copy.querySelectorAll(".over, .under").forEach((label) => label.remove());
             return copy.textContent;
           })"""
    )


def test_every_section_is_drawn(show) -> None:
    page = show(make_split(train=make_sentences()), LOG)
    assert page.title() == "Evaluation of my-model"
    assert page.locator("nav a").all_inner_texts() == ["Scores", "Errors", "Slices", "Words", "Training", "Sentences"]
    assert page.locator("svg path").count() == 2
    split = make_split()
    f1 = f"{100 * analyse_split(split).micro.f1.value:.2f}"
    assert page.locator(".card.main b").inner_text() == f1
    assert page.locator("#scores tr.sum").first.inner_text().split("\t")[3] == f1
    assert page.locator("#slices table").count() == 5
    assert page.locator("th:not([scope])").count() == 0
    assert (
        page.get_by_role("region", name="Errors").get_by_role("img").get_attribute("aria-label").startswith("correct ")
    )


def test_the_filters_count_what_the_report_counts(show) -> None:
    split = make_split()
    pairs = analyse_split(split).pairs
    page = show(split)
    assert count_found(page) == sum(any(pair.error != "correct" for pair in row) for row in pairs)
    for error in ("correct", "type", "boundary", "missed", "spurious"):
        page.locator(".tools button", has_text=error).filter(has_not_text="+").click()
        assert count_found(page) == sum(any(pair.error == error for pair in row) for row in pairs), error
    page.locator(".tools button", has_text="all sentences").click()
    assert count_found(page) == len(pairs)
    page.get_by_label("Type in gold").select_option(label="gold: PER")
    assert count_found(page) == sum(any(pair.gold and pair.gold.type == "PER" for pair in row) for row in pairs)
    page.get_by_label("Predicted type").select_option(label="predicted: nothing")
    expected = sum(any(pair.gold and pair.gold.type == "PER" and not pair.predicted for pair in row) for row in pairs)
    assert count_found(page) == expected > 0


def test_a_frequent_error_leads_to_its_sentences(show) -> None:
    split = make_split()
    evaluation = analyse_split(split)
    first = evaluation.confusions[0]
    page = show(split)
    page.locator("#errors button").first.click()
    kinds = [
        [(p.error, p.gold and p.gold.type, p.predicted and p.predicted.type) for p in row] for row in evaluation.pairs
    ]
    assert count_found(page) == sum((first.error, first.gold, first.predicted) in row for row in kinds)
    assert page.evaluate("window.scrollY") > 0


def test_the_search_finds_text_and_escape_forgets_it(show) -> None:
    page = show(make_split())
    everything = count_found(page)
    page.keyboard.press("1")
    page.keyboard.press("/")
    page.keyboard.type("acme corp")
    rows = read_rows(page)
    assert 0 < len(rows) == count_found(page) < everything
    assert all("Acme Corporation" in row for row in rows)
    page.keyboard.press("Escape")
    assert count_found(page) == everything


def test_keys_walk_through_sentences_and_pages(show) -> None:
    page = show(make_split(times=20))
    now = "[...document.querySelectorAll('.row')].findIndex((row) => row.classList.contains('now'))"
    assert page.evaluate(now) == 0
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate(now) == 2
    first = read_rows(page)
    page.keyboard.press("ArrowRight")
    assert page.locator(".pages").inner_text().count("page 2 of") == 1
    assert read_rows(page) != first
    page.keyboard.press("k")
    assert page.evaluate(now) == PAGE_LENGTH - 1
    assert read_rows(page) == first
    page.keyboard.press("j")
    assert page.locator(".pages").inner_text().count("page 2 of") == 1


def test_gold_stands_above_and_predicted_below(show) -> None:
    sentences = Sentences([["in", "New", "York", "City"]], [["O", "B-LOC", "I-LOC", "I-LOC"]], [7])
    page = show(LabelledSplit("test", "x.conll", sentences, [["O", "O", "B-ORG", "O"]], Scheme.IOB2))
    assert read_rows(page) == ["in New York City"]
    marks = page.locator(".mark").evaluate_all(
        "marks => marks.map((mark) => [...mark.children].map((part) => part.textContent))"
    )
    assert marks == [["New ", "", "LOC"], ["York", "ORG", ""], [" ", "", ""], ["City", "", ""]]
    boxes = {
        name: page.locator(f".mark .{name}", has_text=text).bounding_box()
        for name, text in (("over", "LOC"), ("under", "ORG"))
    }
    word = page.locator(".mark .said", has_text="York").bounding_box()
    assert boxes["over"]["y"] < word["y"] < boxes["under"]["y"]
    assert "line 7" in page.locator(".row .what").inner_text()


def test_hostile_words_are_shown_as_they_are(show) -> None:
    sentences = Sentences([HOSTILE], [["B-<i>x</i>"] * len(HOSTILE)], [1])
    page = show(LabelledSplit("<b>t</b>", "<img src=x>", sentences, [["O"] * len(HOSTILE)], Scheme.IOB2))
    assert read_rows(page) == [" ".join(HOSTILE)]
    assert page.evaluate("window.hacked") is None
    assert page.locator("img, main b, main script, td i:not(.bar i)").count() == 0
    assert page.locator(".over").first.inner_text() == "<i>x</i>"


def test_plain_tags_show_the_wrong_words_only(show) -> None:
    sentences = Sentences([["He", "went"], ["to", "Paris"]], [["PRON", "VERB"], ["ADP", "PROPN"]], [1, 4])
    page = show(LabelledSplit("test", "x.conllu", sentences, [["PRON", "VERB"], ["ADP", "NOUN"]], Scheme.PLAIN))
    assert "Training" not in page.locator("nav").inner_text()
    assert count_found(page) == 1
    assert page.locator(".mark .said").all_inner_texts() == ["Paris"]
    page.locator(".tools button", has_text="all sentences").click()
    assert count_found(page) == 2


def test_ten_thousand_sentences_do_not_fill_the_document(show) -> None:
    small = show(make_split(times=10)).evaluate("document.querySelectorAll('*').length")
    sentences = make_sentences(1250)
    page = show(LabelledSplit("test", "x.conll", sentences, perturb(sentences.tags), Scheme.IOB2))
    page.locator(".tools button", has_text="all sentences").click()
    assert count_found(page) == 10_000
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        assert page.locator(".row").count() == PAGE_LENGTH
    page.keyboard.press("/")
    page.keyboard.type("globex")
    assert count_found(page) == 2500
    assert page.evaluate("document.querySelectorAll('*').length") < 2 * small


def test_robustness_has_a_section(show) -> None:
    split = make_split()

    def find_nothing(sentences: Sentences) -> list[list[str]]:
        return [["O"] * len(words) for words in sentences.tokens]

    page = show(split, robustness=measure_robustness(split, find_nothing, set()))
    assert "Robustness" in page.locator("nav a").all_inner_texts()
    overall, by_type = page.locator("#robustness table").all()
    f1 = f"{100 * analyse_split(split).micro.f1.value:.2f}"
    first = overall.locator("tbody tr").first.inner_text().split("\t")
    assert first[:4] == ["lower case", f1, "0.00", f"-{f1}"]
    assert first[-2] == "40"
    assert first[-1] == first[-1].lower() != ""
    rows = overall.locator("tbody tr").count()
    page.locator("#robustness summary").click()
    assert by_type.locator("tbody tr").count() == 3 * rows
    assert page.locator("#robustness p").first.inner_text().endswith("PER.")
