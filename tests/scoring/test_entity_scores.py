"""The metric for the evaluate library: loaded offline from its file, it returns our numbers under seqeval's names."""

import re
import subprocess
import sys

import evaluate
import huggingface_hub
import pytest
from conftest import ROOT
from tagged_splits import make_sentences, perturb

from token_classification.data.schemes import Scheme
from token_classification.scoring import entity_scores
from token_classification.scoring.metrics import score_strict_entities, score_tags

GOLD = make_sentences(4).tags
PREDICTED = perturb(GOLD, 1)


@pytest.fixture(scope="module", autouse=True)
def modules(tmp_path_factory) -> None:
    """The copies that evaluate makes of what it loads lie in a folder of this test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("evaluate.config.HF_MODULES_CACHE", tmp_path_factory.mktemp("modules"))
        yield


@pytest.fixture
def metric() -> evaluate.Metric:
    """The metric as other programs get it."""
    assert huggingface_hub.constants.HF_HUB_OFFLINE
    return evaluate.load(entity_scores.__file__, keep_in_memory=True)


def test_the_example_of_the_docs_runs():
    page = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict = {}
    exec(example.replace("metric.compute", "scores = metric.compute"), names)
    assert (names["scores"]["overall_f1"], names["scores"]["strict_f1"]) == (1.0, pytest.approx(2 / 3))


def test_the_numbers_are_those_of_a_run(metric):
    scores = metric.compute(predictions=PREDICTED, references=GOLD)
    assert scores == score_tags(GOLD, PREDICTED, Scheme.IOB2)
    assert 0 < scores["overall_f1"] < scores["strict_f1"] < 1


def test_batches_add_up(metric):
    for gold, predicted in zip(GOLD, PREDICTED, strict=True):
        metric.add(prediction=predicted, reference=gold)
    assert metric.compute() == score_tags(GOLD, PREDICTED, Scheme.IOB2)


@pytest.mark.parametrize("scheme", ["IOB2", "iob2", None])
def test_strict_mode(metric, scheme):
    scores = metric.compute(predictions=PREDICTED, references=GOLD, mode="strict", scheme=scheme)
    assert scores == score_strict_entities(GOLD, PREDICTED, Scheme.IOB2)


def test_the_scheme_decides_what_is_strict(metric):
    tags = [["B-PER", "I-PER", "O"]]
    found = {
        scheme: metric.compute(predictions=tags, references=tags, mode="strict", scheme=scheme)["overall_f1"]
        for scheme in ("IOB2", "IOBES")
    }
    assert found == {"IOB2": 1.0, "IOBES": 0.0}


def test_plain_tags(metric):
    scores = metric.compute(predictions=[["NOUN", "VERB"]], references=[["NOUN", "NOUN"]])
    assert scores == score_tags([["NOUN", "NOUN"]], [["NOUN", "VERB"]], Scheme.PLAIN)


@pytest.mark.parametrize(
    ("options", "accepted"),
    [({"mode": "lenient"}, "'strict'"), ({"scheme": "IOE1"}, "IOB1, IOB2, IOBES"), ({"mode": "strict"}, "mode=None")],
)
def test_options_that_there_are_not(metric, options, accepted):
    with pytest.raises(ValueError, match=f"{next(iter(options))}=.*{accepted}"):
        metric.compute(predictions=[["NOUN"]], references=[["NOUN"]], **options)


def test_scoring_imports_neither_evaluate_nor_scikit_learn():
    script = (
        "import sys, token_classification.scoring.metrics; print({'evaluate', 'sklearn', 'torch'} & {*sys.modules})"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True, cwd=ROOT) == "set()\n"
