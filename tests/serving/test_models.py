"""The served models: by name, and with a version that changes with whatever their answers depend on."""

import shutil

import pytest

from token_classification import Predictor
from token_classification.inference.model_version import name_version
from token_classification.serving.errors import RequestError
from token_classification.serving.models import Models, ServedModel


@pytest.fixture(scope="module")
def predictor(tagger_folder) -> Predictor:
    return Predictor.from_pretrained(tagger_folder)


def test_models_are_chosen_by_name(predictor):
    models = Models({name: ServedModel(name, predictor, f"{name}-1", None) for name in ("ner", "pos")})
    assert models.choose(None).name == "ner"
    assert models.choose("pos").name == "pos"
    assert [model.name for model in models] == ["ner", "pos"]
    with pytest.raises(RequestError, match="pos") as refusal:
        models.choose("poss")
    assert refusal.value.status == 404


def test_a_version_is_that_of_the_files_wherever_they_are(predictor, tagger_folder, tmp_path):
    copy = shutil.copytree(tagger_folder, tmp_path / "copy")
    version = name_version("ner", predictor, tagger_folder)
    assert version.startswith("ner-")
    assert name_version("ner", predictor, copy) == version
    with (copy / "model.safetensors").open("ab") as file:
        file.write(b" ")
    assert name_version("ner", predictor, copy) != version


@pytest.mark.parametrize(
    "settings", [{"threshold": 0.5}, {"decoder": "viterbi"}, {"words": "whitespace"}, {"max_seq_length": 32}]
)
def test_a_version_is_that_of_the_settings(predictor, tagger_folder, settings):
    other = Predictor.from_pretrained(tagger_folder, **settings)
    assert name_version("ner", other, tagger_folder) != name_version("ner", predictor, tagger_folder)
