"""Specs: NeMo's own configurations, Hydra's overrides, exact texts, keys that would change the result, and dumps."""

import logging
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from nemo_configs import NEMO_CONFIGS, PUNCTUATION_CONFIGS, TAO_DUMP
from omegaconf import OmegaConf

from token_classification.errors import UserError
from token_classification.tao import spec
from token_classification.tao.command_keys import dump_spec
from token_classification.tao.download_specs import SPECS
from token_classification.tao.foreign_keys import FOREIGN_KEYS
from token_classification.tao.schema import ALIASES, COMMAND_KEYS, list_types
from token_classification.tao.settings import read_flag
from token_classification.tao.spec import load_spec
from token_classification.tao.translate import translate_recipe
from token_classification.tao.translate_trainer import translate_training


@pytest.fixture(autouse=True)
def _log_everything(caplog) -> None:
    caplog.set_level(logging.INFO, logger="token_classification")


def load(*overrides: str, command: str = "train", file: Path | None = None, required: tuple[str, ...] = ()):
    """The spec of a command."""
    return load_spec(command, None if file is None else str(file), overrides, required)


def refuse(*overrides: str, command: str = "train", file: Path | None = None) -> str:
    """What is said of a spec that is refused."""
    with pytest.raises(UserError) as error:
        load(*overrides, command=command, file=file)
    return str(error.value)


def write(folder: Path, content: object) -> Path:
    """A spec file."""
    path = folder / "spec.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("version", NEMO_CONFIGS)
def test_nemos_own_configuration_is_read_without_a_word(version, tmp_path, caplog):
    config = write(tmp_path, NEMO_CONFIGS[version])
    spec = load("model.dataset.data_dir=/data", file=config, required=("data_dir",))
    assert caplog.messages == []
    assert spec.data_dir == "/data"
    assert spec.exp_manager.name == "token_classification_model"
    assert spec.model.tokenizer.tokenizer_name == "bert-base-uncased"
    args = translate_training(spec, tmp_path)
    assert (args.num_train_epochs, args.max_steps, args.dataloader_num_workers) == (5, -1, 2)
    assert (args.per_device_train_batch_size, args.max_grad_norm, args.logging_steps) == (64, 0.0, 1)
    recipe = translate_recipe(spec)
    assert (recipe.optimizer.name, recipe.schedule.name) == ("adam", "WarmupAnnealing")
    assert recipe.schedule.options["warmup_ratio"] == 0.1


@pytest.mark.parametrize("version", NEMO_CONFIGS)
def test_nemos_configuration_lacks_its_data(version, tmp_path):
    config = write(tmp_path, NEMO_CONFIGS[version])
    with pytest.raises(UserError, match=r"spec\.yaml:\d+: data_dir has no value"):
        load(file=config, required=("data_dir",))


def test_what_tao_dumps_is_read_without_a_word(tmp_path, caplog):
    spec = load(file=write(tmp_path, {"exp_manager": TAO_DUMP, "restore_from": "???"}))
    assert caplog.messages == []
    assert spec.exp_manager.name == "trained-model"


@pytest.mark.parametrize("kind", PUNCTUATION_CONFIGS)
def test_punctuation_is_another_task_in_one_line(kind, tmp_path):
    message = refuse(file=write(tmp_path, PUNCTUATION_CONFIGS[kind]))
    assert "belongs to punctuation" in message
    assert "spec.yaml:" in message
    assert "\n" not in message


SPELLINGS = {
    "devices in a list": ("trainer.devices=[0]", "trainer.gpus", 1),
    "gpus in a list": ("trainer.gpus=[0]", "trainer.gpus", 1),
    "gpus in a text": ("trainer.gpus=0,1", "trainer.gpus", 2),
    "all devices": ("trainer.devices=auto", "trainer.gpus", 1),
    "the CPU": ("trainer.gpus=0", "trainer.gpus", 0),
    "a new key of Hydra": ("+trainer.max_epochs=3", "trainer.max_epochs", 3),
    "a forced key of Hydra": ("++trainer.max_epochs=3", "trainer.max_epochs", 3),
    "no schedule": ("~model.optim.sched", "model.optim.sched", None),
    "workers of the training data": ("model.train_ds.num_workers=3", "training_ds.num_workers", 3),
    "precision of Lightning 2": ("trainer.precision=16-mixed", "trainer.precision", "16-mixed"),
    "a number as YAML does not know it": ("model.optim.lr=5e-5", "model.optim.lr", 5e-5),
    "a list of texts": ('input_batch=["a b", no, 1]', "input_batch", ["a b", "no", "1"]),
    "thresholds": ("threshold={PER: 0.5, LOC: 5e-1}", "threshold", {"PER": 0.5, "LOC": 0.5}),
    "a section as a mapping": ("model.head={num_fc_layers: 3}", "model.head.num_fc_layers", 3),
    "a schedule as a mapping": ("optim.sched={name: StepLR, step_size: 3}", "model.optim.sched.step_size", 3),
    "a threshold of one label": ("threshold.PER=0.5", "threshold", {"PER": 0.5}),
    "a label with a dot": ("threshold.B.x=0.5", "threshold", {"B.x": 0.5}),
    "a name of a config": ("model.language_model.config.layers=2", "model.language_model.config", {"layers": 2}),
    "betas": ("model.optim.betas=[0.9, 0.98]", "model.optim.betas", [0.9, 0.98]),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings(spelling):
    override, key, value = SPELLINGS[spelling]
    assert OmegaConf.select(load(override), key) == value


WITHOUT_A_WORD = (
    *("hydra.run.dir=.", "trainer.resume_from_checkpoint=null", "trainer.enable_checkpointing=false"),
    *("trainer.limit_train_batches=1.0", "trainer.val_check_interval=1.0"),
    *("model.language_model.nemo_file=null", "model.dataset.use_cache=true", "validation_ds.num_workers=8"),
    *("trainer.callbacks=null", "exp_manager.ema.enable=false", "test_ds.drop_last=false"),
)


@pytest.mark.parametrize("override", WITHOUT_A_WORD)
def test_what_changes_nothing_is_accepted_without_a_word(override, caplog):
    assert load(override) == load()
    assert caplog.messages == []


@pytest.mark.parametrize("override", ["task_name=ner", "save_to=m.tlt", "exp_manager.files_to_copy=[a]"])
def test_what_the_user_may_have_hoped_for_gets_a_notice(override, caplog):
    assert load(override) == load()
    (message,) = caplog.messages
    assert f"{override.partition('=')[0]}=" in message
    assert "no effect here" in message


@pytest.mark.parametrize("override", ["exp_manager=null", "~exp_manager"])
def test_without_exp_manager_its_defaults_apply_aloud(override, tmp_path, caplog):
    spec = load(override, file=write(tmp_path, {"exp_manager": {"name": "other"}}))
    assert spec == load()
    assert "-r" in caplog.messages[0]


def test_a_key_that_is_taken_out_has_its_default_aloud(tmp_path, caplog):
    spec = load("~trainer.max_epochs", file=write(tmp_path, {"trainer": {"max_epochs": 9, "seed": 7}}))
    assert (spec.trainer.max_epochs, spec.trainer.seed) == (5, 7)
    assert "trainer.max_epochs" in caplog.messages[0]


def test_a_schedule_after_none_has_no_ratio_of_the_default(tmp_path):
    spec = load("model.optim.sched.name=CosineAnnealing", file=write(tmp_path, {"model": {"optim": {"sched": None}}}))
    assert OmegaConf.to_container(spec.model.optim.sched) == {"name": "CosineAnnealing"}


CHANGING = {
    "part of the data": ("trainer.limit_train_batches=0.1", "training_ds.num_samples"),
    "more validations": ("trainer.val_check_interval=0.25", "1.0"),
    "a checkpoint of Lightning": ("trainer.resume_from_checkpoint=last.ckpt", "-r"),
    "an archive of NeMo": ("model.language_model.nemo_file=bert.nemo", "Hugging Face"),
    "special tokens": ("model.tokenizer.special_tokens={pad_token: X}", "tokenizer"),
    "a moving average": ("exp_manager.ema.enable=true", "average"),
    "an end at a score": ("exp_manager.early_stopping_callback_params.stopping_threshold=0.9", "no better"),
    "sentences that are not scored": ("validation_ds.drop_last=true", "every sentence"),
    "the length of the schedule": ("model.optim.sched.max_steps=10", "trainer.max_steps"),
    "a callback": ("+trainer.callbacks=[a]", "leave it out"),
    "other devices": ("trainer.devices=[1]", "CUDA_VISIBLE_DEVICES=1"),
}


@pytest.mark.parametrize("change", CHANGING)
def test_what_would_change_the_result_is_refused(change):
    override, advice = CHANGING[change]
    message = refuse(override)
    assert override.partition("=")[0].lstrip("+") in message
    assert advice in message


MISTAKES = {
    "a section": ("model.head=3", "model.head.num_fc_layers"),
    "a section that is needed": ("~model.validation_ds", "train needs"),
    "nothing to take out": ("~trainer.max_epochs=3", "~KEY"),
    "an unknown key to take out": ("~trainer.max_epoch", "trainer.max_epochs"),
    "a number that is none": ("trainer.max_epochs=many", "a whole number"),
    "half an epoch": ("trainer.max_epochs=0.5", "a whole number"),
    "an octal number": ("trainer.max_epochs=010", "a whole number"),
    "a number of 5,000 digits": (f"trainer.seed={'9' * 5000}", "a whole number"),
    "no finite number": ("model.optim.lr=nan", "finite"),
    "an infinite number": ("model.optim.lr=1e999", "finite"),
    "neither true nor false": ("report=maybe", "true or false"),
    "null where there must be a value": ("exp_manager.name=null", "a text"),
    "one text for a list": ("input_batch=hello", "list of texts"),
    "a label twice": ("threshold={PER: 0.5, PER: 0.6}", "PER is given twice"),
    "no YAML": ("input_batch=[a", "not valid YAML"),
    "a mapping for a name": ("model.optim.sched.name={a: 1}", "single value"),
    "an unknown name in a mapping": ("model.optim.sched={nme: StepLR}", "model.optim.sched"),
    "a config within a config": ("model.language_model.config.rope.factor=2", "model.language_model.config"),
    "no name": ("threshold.=0.5", "threshold"),
    "negative devices": ("trainer.gpus=-2", "number of devices"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named_in_one_line(mistake):
    override, advice = MISTAKES[mistake]
    message = refuse(override)
    assert advice in message
    assert message.startswith(("command line", f"'{override}'"))
    assert "\n" not in message


EXACT_TEXTS = ("t.txt #2", "20240105_1", "no", "1e5", "[a]", "{a: b}", "'quoted'", "a: b", "~/x", "007", "-", "*a")


@pytest.mark.parametrize("text", EXACT_TEXTS)
def test_texts_and_paths_are_what_was_typed(text, tmp_path):
    assert load(f"input_file={text}", command="infer").input_file == text
    flags = [read_flag("-m", "restore_from", text)]
    assert load_spec("infer", None, [], ["restore_from"], flags).restore_from == text
    # `no` in a file is a text where a text is expected, too.
    assert load(file=write(tmp_path, f"input_file: {yaml.safe_dump(text)}"), command="infer").input_file == text


@pytest.mark.parametrize("word", ["no", "20240105_1", "1e5", "007"])
def test_texts_of_a_file_need_no_quotes(word, tmp_path):
    assert load(file=write(tmp_path, f"exp_manager:\n  name: {word}\n")).exp_manager.name == word


@pytest.mark.parametrize("flag_value", ["null", "no", "true", "007"])
def test_a_flag_means_a_path_whatever_it_looks_like(flag_value):
    flags = [read_flag("-m", "restore_from", flag_value)]
    assert load_spec("infer", None, [], ["restore_from"], flags).restore_from == flag_value


def test_only_the_first_unknown_keys_are_compared_with_all_known_ones(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(spec, "did_you_mean", lambda key, known, otherwise: asked.append(len(known)) or otherwise)
    message = refuse(file=write(tmp_path, "".join(f"k{number}: 1\n" for number in range(1000))))
    assert "990 more" in message
    assert sum(count > 0 for count in asked) == 10


def test_a_flag_and_an_override_that_differ_are_refused():
    with pytest.raises(UserError, match="only one of them"):
        load_spec("infer", None, ["restore_from=a"], [], [read_flag("-m", "restore_from", "b")])


def test_a_flag_wins_over_the_file_in_silence(tmp_path, caplog):
    file = write(tmp_path, {"exp_manager": {"explicit_log_dir": "old"}, "restore_from": "old"})
    flags = [read_flag("-r", "exp_manager.explicit_log_dir", "new"), read_flag("-m", "restore_from", "new")]
    spec = load_spec("finetune", str(file), [], [], flags)
    assert (spec.exp_manager.explicit_log_dir, spec.restore_from) == ("new", "new")
    assert caplog.messages == []


def test_an_override_that_decides_nothing_in_a_command_is_named(caplog):
    load("trainer.max_epochs=3", "data_dir=x", command="evaluate")
    assert ["trainer.max_epochs" in message and "evaluate" in message for message in caplog.messages] == [True]


def test_one_key_under_two_names_must_have_one_value(tmp_path):
    same = "data_dir: a\nmodel:\n  dataset:\n    data_dir: a\n"
    assert load(file=write(tmp_path, same)).data_dir == "a"
    left_open = "data_dir: a\nmodel:\n  dataset:\n    data_dir: ???\n"
    assert load(file=write(tmp_path, left_open), required=("data_dir",)).data_dir == "a"
    message = refuse(file=write(tmp_path, same.replace("data_dir: a\nm", "data_dir: b\nm")))
    assert "spec.yaml:4:" in message
    assert "line 1" in message


def test_mappings_are_put_over_what_is_there(tmp_path):
    file = write(tmp_path, "model:\n  optim:\n    sched:\n      min_lr: 1e-6\nthreshold: {PER: 0.5, LOC: 0.6}\n")
    spec = load("model.optim.sched={name: CosineAnnealing}", "threshold.LOC=0.7", file=file)
    assert OmegaConf.to_container(spec.model.optim.sched) == {
        **{"name": "CosineAnnealing", "warmup_ratio": 0.1, "min_lr": 1e-6}
    }
    assert OmegaConf.to_container(spec.threshold) == {"PER": 0.5, "LOC": 0.7}
    assert load("threshold=0.9", file=file).threshold == 0.9


def test_a_number_that_is_left_open_is_not_replaced_by_a_default(tmp_path):
    message = refuse(file=write(tmp_path, {"model": {"optim": {"lr": "???"}}}))
    assert "model.optim.lr has no value" in message
    load(command="infer", file=tmp_path / "spec.yaml")


@pytest.mark.parametrize("command", COMMAND_KEYS)
def test_a_spec_of_one_command_serves_the_others(command, tmp_path):
    for path in sorted(SPECS.glob("*.yaml")):
        epochs = (yaml.safe_load(path.read_text()).get("trainer") or {}).get("max_epochs", 5)
        assert load(command=command, file=path).trainer.max_epochs == epochs
    for config in NEMO_CONFIGS.values():
        spec = load("data_dir=d", command=command, file=write(tmp_path, config))
        assert spec.model.dataset.max_seq_length == config["model"]["dataset"]["max_seq_length"] == 128


TYPED = st.sampled_from(
    [
        *("", "null", "~", "???", "0", "-1", "5e-5", "nan", "010", "true", "no", "'a'", '"a', "[0]", "{}", "{a: 1}"),
        *(
            "a: b",
            "*a",
            "&a b",
            "!!int 3",
            "${data_dir}",
            "${",
            "a${scheme}b",
            "\u2028",
            "\x85x",
            "\udce9",
            "#x",
            "a\nb",
        ),
        *("!!python/object:os.system x", "2020-01-01", "> x", "%a", "`a", "\t", "'", "9" * 50, "1_0", " a ", "=", "é"),
    ]
)
KEYS = st.sampled_from([*list_types(), *ALIASES, *FOREIGN_KEYS, "threshold.PER", "model.optim.sched.power", "model"])


@given(st.sampled_from(list(COMMAND_KEYS)), st.lists(st.tuples(KEYS, TYPED), min_size=1, max_size=3))
@bounded(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_overrides_are_a_spec_that_can_be_dumped_or_an_error_of_the_user(tmp_path, command, overrides):
    try:
        spec = load(*(f"{key}={value}" for key, value in overrides), command=command)
    except UserError:
        return
    text = dump_spec(spec, command)
    assert dump_spec(load(command=command, file=write(tmp_path, text)), command) == text
