"""`calibrate`: what it leaves in a model's folder, who applies it, and what it refuses."""

import hashlib
import json
from pathlib import Path

import pytest
from chromium import needs_chromium
from table_model import save_table
from unsure_model import ROWS, write_labelled

from token_classification import Predictor, cli
from token_classification.commands.flags import build_options
from token_classification.commands.model_choice import open_predictor
from token_classification.commands.serve import ServeOptions
from token_classification.errors import UserError
from token_classification.inference.calibration_record import CALIBRATION_FILE, read_calibration
from token_classification.inference.model_version import name_version

TEXT = "Mira met Tol in Ber"


@pytest.fixture
def model(tmp_path) -> Path:
    """A model that is too sure of itself."""
    return save_table(tmp_path / "model", ROWS)


@pytest.fixture
def dev(tmp_path) -> Path:
    return write_labelled(tmp_path / "dev.conll", 1)


def calibrate(model: Path, data: Path, *flags: str) -> None:
    assert cli.run(["calibrate", "-m", str(model), "--data", str(data), *flags]) == 0


def read_scores(model: Path, **settings) -> dict[str, float]:
    """Entity -> its score."""
    return {entity["text"]: entity["score"] for entity in Predictor.from_pretrained(model, **settings)(TEXT)}


def test_scores_become_probabilities_and_nothing_else_changes(model, dev, tmp_path, capsys):
    before = Predictor.from_pretrained(model)
    raw, tags = before(TEXT), [word["tag"] for word in before.tag(TEXT)]
    calibrate(model, dev)
    assert {"Map: platt", "Map: platt_by_type"} & set(capsys.readouterr().out.splitlines())
    after = Predictor.from_pretrained(model)
    assert [word["tag"] for word in after.tag(TEXT)] == tags
    drop = ("score",)
    assert [{key: entity[key] for key in entity if key not in drop} for entity in after(TEXT)] == [
        {key: entity[key] for key in entity if key not in drop} for entity in raw
    ]
    scores = read_scores(model)
    assert all(scores[entity["text"]] < entity["score"] for entity in raw)
    notes = json.loads((model / CALIBRATION_FILE).read_text())["notes"]
    assert notes["entities"]["before"]["ece"]["value"] > 0.1 > notes["entities"]["after"]["ece"]["value"]
    assert notes["types"]["PER"]["own_map"] in (True, False)


def test_words_and_entities_have_maps_of_their_own(model, dev):
    calibrate(model, dev)
    calibration, raw = read_calibration(model), 0.0
    predictor = Predictor.from_pretrained(model)
    [tagged] = predictor.tag_texts([TEXT])
    for word, raw in zip(predictor.tag(TEXT), tagged.scores, strict=True):
        assert word["score"] == calibration.words.apply(raw)
    [first, *_] = predictor(TEXT)
    assert first["score"] == calibration.entities.find("PER").apply(tagged.scores[0])


def test_infer_and_the_version_follow(model, dev, tmp_path):
    version = name_version("ner", Predictor.from_pretrained(model), model)
    calibrate(model, dev)
    predictor = Predictor.from_pretrained(model)
    assert name_version("ner", predictor, model) != version
    assert cli.run(["infer", "-m", str(model), "-r", str(tmp_path / "out"), TEXT]) == 0
    [line] = (tmp_path / "out" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["entities"] == predictor(TEXT)


def test_operating_points_are_thresholds_by_name(model, dev, tmp_path, capsys):
    calibrate(model, dev, "--min_precision", "0.7", "--min_recall", "PER=0.8")
    points = read_calibration(model).operating_points
    assert list(points) == ["balanced", "high_precision", "high_recall"]
    assert set(points["high_recall"].thresholds) == {"PER"}
    [row] = points["high_precision"].notes["rows"]
    assert row["bound"] >= 0.7
    assert row["precision"] >= 0.7
    predictor = Predictor.from_pretrained(model, operating_point="high_precision")
    assert predictor.thresholds == points["high_precision"].thresholds
    shown = {entity["text"] for entity in predictor(TEXT)}
    assert shown < set(read_scores(model))
    assert "Tol" in shown
    flags = ["--operating_point", "high_precision", "-r", str(tmp_path / "out"), TEXT]
    assert cli.run(["infer", "-m", str(model), *flags]) == 0
    [line] = (tmp_path / "out" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert {entity["text"] for entity in json.loads(line)["entities"]} == shown


def test_serve_takes_an_operating_point(model, dev):
    calibrate(model, dev, "--min_precision", "0.7")
    _, namespace = cli.parse(["serve", "-m", str(model), "--operating_point", "high_precision"])
    predictor = open_predictor(build_options(ServeOptions, namespace, "serve"), str(model))
    assert predictor(TEXT) == Predictor.from_pretrained(model, operating_point="high_precision")(TEXT)


def test_a_label_without_entities_in_the_data_gets_the_threshold_of_all(model, tmp_path):
    truth = {"Mira": ("B-PER", 0.4), "Tol": ("B-MISC", 0.7), "Kas": ("B-PER", 0.9)}
    calibrate(model, write_labelled(tmp_path / "dev.conll", 5, truth=truth), "--min_recall", "0.2")
    assert set(Predictor.from_pretrained(model, operating_point="high_recall").thresholds) == {"PER", "LOC"}


def test_points_stay_as_long_as_scores_and_data_do(model, dev, tmp_path, caplog):
    calibrate(model, dev, "--min_precision", "0.7", "--operating_point", "strict")
    calibrate(model, dev, "--min_recall", "0.5")
    assert list(read_calibration(model).operating_points) == ["strict", "balanced", "high_recall"]
    calibrate(model, write_labelled(tmp_path / "other.conll", 2))
    assert list(read_calibration(model).operating_points) == ["balanced"]
    assert "strict, high_recall" in caplog.text


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--min_precision", "0.999"], r"min_precision 0\.999: can't be promised .* accepted is at most 0\.\d+;"),
        (["--min_recall", "PER=0.99"], r"min_recall PER=0\.99: can't be promised"),
        (["--min_recall", "ORG=0.9"], "min_recall ORG: the model has no such label; accepted are LOC, PER"),
        (["--min_recall", "95"], r"--min_recall 95: accepted is a share between 0 and 1, e.g. 0.95"),
        (["--operating_point", "mine"], "--operating_point mine: accepted is another name"),
        (["--operating_point", "balanced", "--min_recall", "0.5"], "--operating_point balanced: accepted is another"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_written(model, dev, flags, message):
    with pytest.raises(UserError, match=message):
        calibrate(model, dev, *flags)
    assert not (model / CALIBRATION_FILE).exists()


def test_the_best_that_can_be_promised_is_accepted(model, dev):
    with pytest.raises(UserError) as error:
        calibrate(model, dev, "--min_recall", "0.999")
    best = str(error.value).partition("at most ")[2].partition(";")[0]
    calibrate(model, dev, "--min_recall", best)


def test_data_that_was_learnt_from_are_refused(model, dev, tmp_path):
    with pytest.raises(UserError, match=r"dev\.conll:1: this sentence is also in the training data .*299 more of 300"):
        calibrate(model, dev, "--train_file", str(dev))
    record = {"data": {"train": {"source": str(dev), "sha256": "0" * 64}}}
    (model / "run.json").write_text(json.dumps(record))
    copy = tmp_path / "copy.conll"
    copy.write_bytes(dev.read_bytes())
    record["data"]["train"]["sha256"] = hashlib.sha256(dev.read_bytes()).hexdigest()
    (model / "run.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=r"copy\.conll: the model was trained on this file"):
        calibrate(model, copy)
    copy.write_text("# a comment\n" + copy.read_text())
    with pytest.raises(UserError, match=r"copy\.conll:\d+: this sentence is also in the training data"):
        calibrate(model, copy)
    assert not (model / CALIBRATION_FILE).exists()


def test_tags_of_other_tasks_are_read(model, tmp_path):
    rows = [
        {"tokens": ["Mira", "met", "Tol"], "pos_tags": ["B-PER", "O", ("O", "B-PER")[number % 3 > 0]]}
        for number in range(60)
    ]
    path = tmp_path / "dev.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    calibrate(model, path, "--task_name", "pos")
    counts = read_calibration(model).notes["types"]["PER"]
    assert (counts["gold"], counts["predicted"], counts["right"]) == (100, 120, 100)


def test_too_little_data_are_refused(model, tmp_path):
    few = write_labelled(tmp_path / "few.conll", 3, sentences=4)
    with pytest.raises(
        UserError, match=r"few\.conll: the model finds \d+ entities in it, .* accepted are 50 and more"
    ):
        calibrate(model, few)


def test_a_calibration_of_other_weights_or_another_decoder_is_not_applied(model, dev, caplog):
    raw = read_scores(model)
    calibrate(model, dev)
    assert read_scores(model) != raw
    assert read_scores(model, decoder="viterbi") == raw
    assert "fitted for torch and argmax, not for torch and viterbi" in caplog.text
    save_table(model, ROWS | {"Mira": {"B-PER": 2.5}})
    assert read_scores(model)["Tol"] == raw["Tol"]
    assert "fitted for another model" in caplog.text


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content["entities"]["shared"].update(slope=-1.0),
        lambda content: content["words"].update(offset="much"),
        lambda content: content["operating_points"]["balanced"]["thresholds"].update(PER=2),
        lambda content: content.pop("backend"),
        lambda content: content.update(entities=[]),
    ],
)
def test_a_damaged_file_is_an_error(model, dev, damage):
    calibrate(model, dev)
    content = json.loads((model / CALIBRATION_FILE).read_text())
    damage(content)
    (model / CALIBRATION_FILE).write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"calibration\.json: not a calibration .*; calibrate again"):
        Predictor.from_pretrained(model)
    calibrate(model, dev)
    Predictor.from_pretrained(model)


def test_an_unknown_point_is_named_with_those_there_are(model, dev):
    with pytest.raises(
        UserError, match="operating_point high_recall: the model has no operating points; to find them"
    ):
        Predictor.from_pretrained(model, operating_point="high_recall")
    calibrate(model, dev)
    with pytest.raises(UserError, match="operating_point high_recall: accepted are balanced; to find them"):
        Predictor.from_pretrained(model, operating_point="high_recall")
    with pytest.raises(UserError, match="threshold and operating_point balanced: accepted is one of them"):
        Predictor.from_pretrained(model, operating_point="balanced", threshold=0.5)


def test_the_page_needs_nothing_but_itself(model, dev):
    calibrate(model, dev)
    page = (model / "calibration.html").read_text(encoding="utf-8")
    assert "{{" not in page
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert data["points"].keys() == {"balanced"}
    assert data["entities"]["before"]["bins"]
    precisions = [precision for _, precision, _ in data["curve"]]
    assert len(precisions) > 1
    assert all(0 <= value <= 1 for value in precisions)


@needs_chromium
def test_the_page_shows_errors_points_and_types(model, dev, open_page):
    calibrate(model, dev, "--min_precision", "0.7", "--min_recall", "PER=0.8")
    page = open_page(model / "calibration.html")
    points = page.locator("#points tbody tr").all_inner_texts()
    assert [row.split("\t")[:3] for row in points] == [
        ["balanced", "all", "best F1"],
        ["high_precision", "all", "precision ≥ 0.7"],
        ["high_recall", "PER", "recall ≥ 0.8"],
    ]
    assert [row.split("\t")[0] for row in page.locator("#types tbody tr").all_inner_texts()] == ["LOC", "PER"]
    assert page.locator("#entities svg circle").count() > 2
    assert page.locator("#words svg").count() == 2
    assert page.locator("#points .ideal").count() == 1
    assert "can be proposed" not in page.locator("#points").inner_text()  # this model holds nothing for possible
