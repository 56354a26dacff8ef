"""An operating point that needs entities below the winning tags: found by `calibrate`, the same for all who use it."""

import json
import logging
from pathlib import Path

import pytest
from serving_apps import build_served_app
from starlette.testclient import TestClient
from table_model import save_table
from unsure_model import HESITANT_ROWS, MISSED_TRUTH, write_labelled

from token_classification import Predictor, cli
from token_classification.data.formats import read_sentences
from token_classification.errors import UserError
from token_classification.inference.calibration_record import CALIBRATION_FILE, read_calibration
from token_classification.inference.model_version import name_version

TEXT = "Zoë met Tol in Wen with Kas"


def calibrate(model: Path, data: Path, *flags: str) -> None:
    assert cli.run(["calibrate", "-m", str(model), "--data", str(data), *flags]) == 0


@pytest.fixture(scope="module")
def dev(tmp_path_factory) -> Path:
    return write_labelled(tmp_path_factory.mktemp("data") / "dev.conll", 1, truth=MISSED_TRUTH)


@pytest.fixture(scope="module")
def model(tmp_path_factory, dev) -> Path:
    """A model calibrated for a recall that its tags alone don't have."""
    folder = save_table(tmp_path_factory.mktemp("models") / "model", HESITANT_ROWS)
    calibrate(folder, dev, "--min_recall", "0.85")
    return folder


@pytest.fixture(scope="module")
def cautious(model) -> Predictor:
    return Predictor.from_pretrained(model, operating_point="high_recall")


def name_found(entities: list[dict]) -> list[tuple[str, str]]:
    return [(entity["text"], entity["label"]) for entity in entities]


def measure_recall(predictor: Predictor, data: Path) -> float:
    """Entities of these data have one word each."""
    sentences = read_sentences(str(data))
    found = hits = 0
    for words, gold in zip(sentences.tokens, sentences.gold, strict=True):
        starts = [sum(map(len, words[:place])) + place for place in range(len(words))]
        right = {(start, tag[2:]) for start, tag in zip(starts, gold, strict=True) if tag != "O"}
        hits += len(right & {(one["start"], one["label"]) for one in predictor([words])[0]})
        found += len(right)
    return hits / found


def test_the_bar_is_lowered_until_the_recall_is_kept(model, cautious, dev, tmp_path):
    plain = Predictor.from_pretrained(model)
    assert name_found(plain(TEXT)) == [("Tol", "PER"), ("Wen", "LOC")]
    assert name_found(cautious(TEXT)) == [("Zoë", "PER"), ("Tol", "PER"), ("Wen", "LOC")]
    assert [word["tag"] for word in cautious.tag(TEXT)] == [word["tag"] for word in plain.tag(TEXT)]
    [row] = read_calibration(model).operating_points["high_recall"].notes["rows"]
    assert row["bound"] >= 0.85 > measure_recall(plain, dev)
    assert row["recall"] == pytest.approx(measure_recall(cautious, dev))
    assert measure_recall(cautious, write_labelled(tmp_path / "test.conll", 2, truth=MISSED_TRUTH)) >= 0.83


def test_what_is_proposed_has_the_score_of_its_kind(model, cautious):
    """Half of what is said of this word is right, which the model holds for much less probable."""
    [score] = [entity["score"] for entity in cautious(TEXT) if entity["text"] == "Zoë"]
    [tagged] = cautious.tag_texts([TEXT])
    [marginal] = [segment.marginal for segment in tagged.proposals if segment.entity.start == 0]
    assert marginal == pytest.approx(0.23, abs=0.03)
    assert score == read_calibration(model).proposals.find("PER").apply(marginal)
    assert score == pytest.approx(0.5, abs=0.06)


def test_points_that_the_tags_can_keep_propose_nothing(model, dev):
    calibrate(model, dev, "--min_recall", "0.5", "--operating_point", "half")
    points = read_calibration(model).operating_points
    assert points["high_recall"].proposals
    assert points["half"].proposals == points["balanced"].proposals == {}
    assert name_found(Predictor.from_pretrained(model, operating_point="half")(TEXT)) == [
        ("Tol", "PER"),
        ("Wen", "LOC"),
    ]


def test_only_the_labels_of_a_point_are_proposed(tmp_path, dev):
    model = save_table(tmp_path / "model", HESITANT_ROWS)
    calibrate(model, dev, "--min_recall", "LOC=0.97")
    predictor = Predictor.from_pretrained(model, operating_point="high_recall")
    assert name_found(predictor(TEXT)) == [("Tol", "PER"), ("Wen", "LOC"), ("Kas", "LOC")]


def test_more_than_can_be_found_is_refused_with_the_most(tmp_path, dev):
    model = save_table(tmp_path / "model", HESITANT_ROWS)
    with pytest.raises(UserError, match=r"min_recall 0\.9999: can't be promised .* \d+ more proposed beside them"):
        calibrate(model, dev, "--min_recall", "0.9999")
    assert not (model / CALIBRATION_FILE).exists()


def test_infer_serve_and_version_follow(model, cautious, tmp_path):
    flags = ["--operating_point", "high_recall", "-r", str(tmp_path / "out"), TEXT]
    assert cli.run(["infer", "-m", str(model), *flags]) == 0
    [line] = (tmp_path / "out" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["entities"] == cautious(TEXT)
    plain = Predictor.from_pretrained(model)
    assert name_version("ner", cautious, model) != name_version("ner", plain, model)
    texts = [TEXT, "", "met in", "Zoë Zoë met Kas Tol", "Zoë"]
    with TestClient(build_served_app(cautious)) as client:
        ask = {"texts": texts}
        results = client.post("/v1/entities", json=ask).json()["results"]
        assert [one["entities"] for one in results] == cautious(texts)
        results = client.post("/v1/entities", json=ask | {"threshold": 0}).json()["results"]
        assert [one["entities"] for one in results] == plain(texts)
        parameters = {"ignore_labels": []}
        [groups] = client.post("/models/ner", json={"inputs": [TEXT], "parameters": parameters}).json()
        assert [(group["word"], group["entity_group"]) for group in groups] == [
            ("Zoë", "PER"),
            ("met", "O"),
            ("Tol", "PER"),
            ("in", "O"),
            ("Wen", "LOC"),
            ("with Kas", "O"),
        ]


def test_a_file_is_tagged_as_its_texts_are(model, cautious, tmp_path):
    texts = [TEXT, "Zoë", "met", "Kas Zoë"] * 30
    (tmp_path / "texts.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    arguments = ["infer", "-m", str(model), "--input_file", str(tmp_path / "texts.txt")]
    point = ["--operating_point", "high_recall"]
    assert cli.run([*arguments, *point, "-r", str(tmp_path / "out")]) == 0
    lines = (tmp_path / "out" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["entities"] for line in lines] == cautious(texts)
    with pytest.raises(UserError, match="--operating_point high_recall --output_format conll: this point also finds"):
        cli.run([*arguments, *point, "-r", str(tmp_path / "tags"), "--output_format", "conll"])


def test_the_screen_says_that_tags_are_not_all(model, caplog):
    with caplog.at_level(logging.WARNING):
        assert cli.run(["infer", "-m", str(model), "--operating_point", "high_recall", TEXT]) == 0
    assert "--operating_point high_recall: the tags below don't show what it finds beside them" in caplog.text


def test_redact_replaces_what_the_tags_leave_out(model, tmp_path, capsys):
    assert cli.run(["redact", "-m", str(model), TEXT]) == 0
    captured = capsys.readouterr()
    assert captured.out == "[PER] met [PER] in [LOC] with Kas\n"
    assert "what the tags of the model leave out is replaced, too, from these scores on: LOC 0." in captured.err
    assert cli.run(["redact", "-m", str(model), "--threshold", "0", TEXT]) == 0
    assert capsys.readouterr().out == "Zoë met [PER] in [LOC] with Kas\n"
    (tmp_path / "texts.txt").write_text(TEXT + "\n", encoding="utf-8")
    arguments = ["--input_file", str(tmp_path / "texts.txt"), "-r", str(tmp_path / "out")]
    assert cli.run(["redact", "-m", str(model), *arguments]) == 0
    report = json.loads((tmp_path / "out" / "redacted.report.json").read_text())
    assert report["threshold"] == {"LOC": 0.0, "PER": 0.0}
    assert report["proposed"] == read_calibration(model).operating_points["high_recall"].proposals


def test_a_record_from_before_has_no_proposals(model, tmp_path):
    content = json.loads((model / CALIBRATION_FILE).read_text())
    content.pop("proposals")
    for point in content["operating_points"].values():
        point.pop("proposals")
    (tmp_path / CALIBRATION_FILE).write_text(json.dumps(content))
    old = read_calibration(tmp_path)
    assert old.operating_points["high_recall"].proposals == {}
    content["proposals"] = {"shared": {"slope": 0, "offset": 0}, "own": {}}
    (tmp_path / CALIBRATION_FILE).write_text(json.dumps(content))
    with pytest.raises(UserError, match="not a calibration"):
        read_calibration(tmp_path)


def test_the_curve_goes_on_behind_the_tags(model):
    page = (model / "calibration.html").read_text(encoding="utf-8")
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    recalls = [recall for *_, recall in data["curve"]]
    assert recalls == sorted(recalls)
    assert recalls[-1] > data["tagged"] + 0.1
    assert data["proposals"]["right"] > 0
