"""A training of adapters (`--lora_rank`): what it leaves, and that every command takes it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import ROOT, SENTENCES, write_sentences
from hub_stand_in import serve_hub
from safetensors.torch import load_file

import run_ner
from token_classification import Predictor, cli
from token_classification.arguments.command_line import parse_command_line
from token_classification.errors import UserError
from token_classification.exit_codes import run_command
from token_classification.inference.engine import open_engine
from token_classification.recipe import DEFAULT_RECIPE, Recipe
from token_classification.training.adaptation import check_adaptation

pytest.importorskip("peft", reason='needs the extra "lora"')

QUIET = ["--use_cpu", "--disable_tqdm", "true", "--report_to", "none"]
LEARN = ["--lora_rank", "8", "--learning_rate", "1e-2", "--per_device_train_batch_size", "4", "--max_steps", "60"]
SAVES = ["--eval_strategy", "steps", "--eval_steps", "30", "--save_steps", "30", "--load_best_model_at_end", "true"]
MODEL_FILES = {
    "adapter_config.json",
    "adapter_model.safetensors",
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
}


def run(*arguments: object) -> int:
    return run_command(run_ner.main, [*map(str, arguments), *QUIET])


def run_tool(*arguments: object) -> int:
    return run_command(cli.run, [*map(str, arguments)])


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    """Eight tagged sentences."""
    return write_sentences(tmp_path_factory.mktemp("data") / "eight.conll")


@pytest.fixture(scope="module")
def flags(file, bert_folder) -> list:
    """What the trainings here have in common."""
    files = ["--train_file", file, "--validation_file", file, "--test_file", file]
    return ["--model_name_or_path", bert_folder, *files, "--do_train", *LEARN]


@pytest.fixture(scope="module")
def trained(flags, tmp_path_factory) -> Path:
    """The output folder of a training that is evaluated, predicted, and saved on the way."""
    folder = tmp_path_factory.mktemp("runs") / "adapter"
    assert run(*flags, "--do_eval", "--do_predict", *SAVES, "--output_dir", folder) == 0
    return folder


def read_json(path: Path) -> dict:
    return json.loads(path.read_text())


def read_predictions(folder: Path) -> list[list[str]]:
    return [line.split() for line in (folder / "predictions.txt").read_text().splitlines()]


def test_it_learns_by_heart_and_leaves_an_adapter(trained, bert_folder):
    results = read_json(trained / "all_results.json")
    assert results["predict_f1"] == results["eval_f1"] == 1.0
    assert {path.name for path in trained.iterdir()} >= MODEL_FILES
    assert not list(trained.glob("model*.safetensors"))
    assert read_json(trained / "adapter_config.json")["base_model_name_or_path"] == str(bert_folder)
    assert set(read_json(trained / "config.json")["label2id"]) >= {"O", "B-PER"}


def test_predictor_gives_the_tags_of_the_run(trained):
    predictor = Predictor.from_pretrained(trained)
    answers = predictor.tag([words.split() for words, _ in SENTENCES])
    assert [[word["tag"] for word in words] for words in answers] == read_predictions(trained)


def test_a_checkpoint_holds_adapters_and_their_optimizer_only(trained, bert_folder):
    checkpoint = trained / "checkpoint-30"
    weights = load_file(checkpoint / "adapter_model.safetensors")
    state = torch.load(checkpoint / "optimizer.pt", weights_only=True)
    moments = [values["exp_avg"].numel() for values in state["state"].values()]
    assert sum(moments) == sum(weight.numel() for weight in weights.values())
    assert not (checkpoint / "model.safetensors").exists()
    assert sum(moments) < sum(weight.numel() for weight in load_file(bert_folder / "model.safetensors").values())


def test_a_resumed_training_ends_with_the_same_weights(flags, trained, tmp_path):
    shutil.copytree(trained / "checkpoint-30", tmp_path / "out" / "checkpoint-30")
    assert run(*flags, *SAVES, "--output_dir", tmp_path / "out", "--resume_from_checkpoint", "true") == 0
    assert read_json(tmp_path / "out" / "trainer_state.json")["global_step"] == 60
    name = "adapter_model.safetensors"
    for folder in ("checkpoint-60", "."):
        assert (tmp_path / "out" / folder / name).read_bytes() == (trained / folder / name).read_bytes()


@pytest.mark.parametrize("other", [["--lora_rank", "4"], ["--lora_alpha", "1"], None])
def test_a_checkpoint_of_other_adapters_is_refused(flags, trained, tmp_path, capsys, other):
    shutil.copytree(trained / "checkpoint-30", tmp_path / "out" / "checkpoint-30")
    kept = flags[: flags.index("--lora_rank")] + flags[flags.index("--lora_rank") + 2 :]
    changed = kept if other is None else [*flags, *other]
    assert run(*changed, *SAVES, "--output_dir", tmp_path / "out", "--resume_from_checkpoint", "true") == 2
    name = "--lora_rank" if other is None else other[0]
    assert f"{name}: {8 if name == '--lora_rank' else None} there" in capsys.readouterr().err


def test_merged_it_is_a_whole_model_with_the_same_answers(trained, tmp_path, file, capsys):
    assert run_tool("merge", "-m", trained, "-r", tmp_path / "whole") == 0
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert names >= {"model.safetensors", "config.json", "tokenizer.json", "run.json"}
    assert not names & {"adapter_config.json", "calibration.json"}
    words = [words.split() for words, _ in SENTENCES]
    assert open_engine(tmp_path / "whole").tag(words) == open_engine(trained).tag(words)
    assert run_tool("merge", "-m", tmp_path / "whole", "-r", tmp_path / "again") == 2
    assert "no adapter (no adapter_config.json)" in capsys.readouterr().err
    assert run_tool("merge", "-m", trained, "-r", tmp_path / "whole") == 2
    assert "holds something already" in capsys.readouterr().err


def test_commands_take_an_adapter(trained, tmp_path, file):
    assert run_tool("evaluate", "-m", trained, "-r", tmp_path / "scores", "--test_file", file) == 0
    assert read_json(tmp_path / "scores" / "all_results.json")["predict_f1"] == 1.0
    assert run_tool("infer", "-m", trained, "-r", tmp_path / "tagged", "--input_file", file) == 0
    assert run_tool("compare", trained, tmp_path / "scores") == 0
    assert run_tool("check", file, "-m", trained) == 0


def test_an_export_has_the_adapter_inside(trained, tmp_path, file):
    pytest.importorskip("onnx", reason='needs the extra "export"')
    assert (
        run_tool("export", "-m", trained, "-r", tmp_path / "onnx", "--export_format", "onnx", "--test_file", file) == 0
    )
    words = [words.split() for words, _ in SENTENCES]
    answers = Predictor.from_pretrained(tmp_path / "onnx").tag(words)
    assert [[word["tag"] for word in found] for found in answers] == read_predictions(trained)


def test_an_export_in_int8_has_the_adapter_inside(trained, tmp_path, file):
    pytest.importorskip("nncf", reason='needs the extra "export"')
    export = ["--quantize", "int8", "--calibration_file", file, "--test_file", file]
    assert run_tool("export", "-m", trained, "-r", tmp_path / "int8", *export) == 0
    words = [words.split() for words, _ in SENTENCES]
    answers = Predictor.from_pretrained(tmp_path / "int8").tag(words)
    assert [[word["tag"] for word in found] for found in answers] == read_predictions(trained)


@pytest.mark.slow
def test_two_processes_learn_the_adapter_of_one(flags, tmp_path):
    """The same rows in the same steps: adapters differ by the rounding of a sum that two processes share."""
    once = [*map(str, flags), "--max_steps", "6", "--mixed_precision", "no", *QUIET]
    halved = [*once, "--per_device_train_batch_size", "2"]
    torchrun = [Path(sys.executable).parent / "torchrun", "--standalone", "--nproc_per_node", "2"]
    subprocess.run(
        [*torchrun, ROOT / "run_ner.py", *halved, "--output_dir", tmp_path / "two"], check=True, timeout=300
    )
    assert run(*once, "--output_dir", tmp_path / "one") == 0
    one, two = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("one", "two"))
    assert one.keys() == two.keys()
    for name, weights in one.items():
        assert torch.allclose(weights, two[name], atol=1e-4), name
    assert {path.name for path in (tmp_path / "two").iterdir()} >= MODEL_FILES


def test_it_learns_further_as_a_whole_model(trained, file, tmp_path):
    files = ["--train_file", file, "--output_dir", tmp_path / "further"]
    assert run("--model_name_or_path", trained, *files, "--do_train", "--max_steps", 1) == 0
    assert (tmp_path / "further" / "model.safetensors").is_file()
    assert not (tmp_path / "further" / "adapter_config.json").exists()
    assert "adapter_base_sha256" not in (tmp_path / "further" / "config.json").read_text()


def test_the_best_of_several_seeds_is_an_adapter(flags, tmp_path):
    command = [*flags, "--max_steps", 2, "--do_eval", "--output_dir", tmp_path / "out", "--seeds", 1, 2]
    assert run(*command) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} >= MODEL_FILES
    Predictor.from_pretrained(tmp_path / "out")


def test_a_student_may_learn_adapters(flags, trained, tmp_path):
    assert run(*flags, "--max_steps", 2, "--teacher", trained, "--output_dir", tmp_path / "out") == 0
    assert (tmp_path / "out" / "adapter_model.safetensors").is_file()


def test_a_whole_model_takes_the_place_of_an_adapter_and_the_other_way_round(flags, tmp_path):
    whole = flags[: flags.index("--lora_rank")]
    folder = ["--max_steps", 1, "--overwrite_output_dir", "--output_dir", tmp_path / "out"]
    for command, is_adapter in ((flags, True), (whole, False), (flags, True)):
        assert run(*command, *folder) == 0
        assert (tmp_path / "out" / "adapter_config.json").is_file() is is_adapter
        assert (tmp_path / "out" / "model.safetensors").is_file() is not is_adapter
        Predictor.from_pretrained(tmp_path / "out")


def test_files_of_similar_names_stay(flags, tmp_path):
    (tmp_path / "out").mkdir()
    mine = tmp_path / "out" / "model_of_mine.safetensors"
    mine.write_bytes(b"mine")
    assert run(*flags, "--max_steps", 1, "--overwrite_output_dir", "--output_dir", tmp_path / "out") == 0
    assert mine.read_bytes() == b"mine"
    Predictor.from_pretrained(tmp_path / "out")


REFUSED = {
    "an adapter of an adapter": (
        ["--model_name_or_path", "{trained}"],
        "is an adapter itself.*token_classification merge",
    ),
    "over the encoder": (["--output_dir", "{bert}", "--overwrite_output_dir"], "needs the encoder there"),
    "over the encoder in the end": (
        ["--output_dir", "{bert}", "--overwrite_output_dir", "--do_eval", "--seeds", "2"],
        "needs the encoder there",
    ),
    "an average": (["--seeds", "2", "--keep_model", "average"], "--keep_model average and --lora_rank 8"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_adapter_could_come_of_is_refused(flags, trained, bert_folder, tmp_path, capsys, case):
    typed, message = REFUSED[case]
    places = {"trained": trained, "bert": bert_folder}
    before = {path: path.read_bytes() for path in bert_folder.iterdir()}
    assert run(*flags, "--output_dir", tmp_path / "out", *(part.format(**places) for part in typed)) == 2
    error = capsys.readouterr().err
    assert all(part in error for part in message.split(".*"))
    assert {path: path.read_bytes() for path in bert_folder.iterdir()} == before


def test_shared_weights_are_refused(flags, tmp_path, monkeypatch):
    arguments = parse_command_line([*map(str, flags), "--output_dir", str(tmp_path / "out")])[0]
    monkeypatch.setenv("ACCELERATE_USE_DEEPSPEED", "true")
    with pytest.raises(UserError, match="FSDP, DeepSpeed"):
        check_adaptation(arguments, DEFAULT_RECIPE)


def test_a_random_encoder_is_refused(flags, tmp_path):
    arguments = parse_command_line([*map(str, flags), "--output_dir", str(tmp_path / "out")])[0]
    with pytest.raises(UserError, match=r"--lora_rank 8: .*no other weights or config"):
        check_adaptation(arguments, Recipe(from_scratch=True))


def test_adapters_are_not_averaged(trained, tmp_path, capsys):
    assert run_tool("average", trained, trained, "-r", tmp_path / "mean") == 2
    assert "token_classification merge -m" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "rate"), [([], 1e-3), (["--learning_rate", "3e-4"], 3e-4), (["--learning_rate=2e-4"], 2e-4)]
)
def test_the_rate_of_adapters_is_higher_unless_it_is_typed(typed, rate):
    argv = ["--model_name_or_path", "x", "--train_file", "y", "--output_dir", "z", "--lora_rank", "8", *typed]
    assert parse_command_line(argv)[0].training.learning_rate == rate
    assert parse_command_line(argv[:-2] if not typed else argv[:6])[0].training.learning_rate == 5e-5


def test_a_low_rate_of_adapters_is_spoken_of(flags, tmp_path, caplog):
    assert run(*flags, "--learning_rate", "5e-5", "--max_steps", 1, "--output_dir", tmp_path / "out") == 0
    assert "far below what adapters learn with (2e-4 to 1e-3); if F1 stays low: --learning_rate 1e-3" in caplog.text


def test_the_card_says_how_to_load_it(trained, monkeypatch):
    card = (trained / "README.md").read_text()
    assert "library_name: peft" in card
    assert "adapters (LoRA) of rank 8" in card
    code = card.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(trained.parent)
    names = {}
    base = read_json(trained / "adapter_config.json")["base_model_name_or_path"]
    exec(code.replace(json.dumps(Path(base).name), json.dumps(base)), names)
    assert names["tagger"]("Anna Smith moved from Berlin")[0]["entity_group"] == "PER"


def test_an_encoder_on_the_hub_is_found_and_an_adapter_there_is_to_be_fetched(trained, bert_folder, file, tmp_path):
    mine = shutil.copytree(trained, tmp_path / "mine", ignore=shutil.ignore_patterns("checkpoint-*"))
    settings = read_json(mine / "adapter_config.json") | {"base_model_name_or_path": "me/encoder"}
    (mine / "adapter_config.json").write_text(json.dumps(settings))
    encoder = {path.name: path.read_bytes() for path in bert_folder.iterdir()}
    adapter = {path.name: path.read_bytes() for path in mine.iterdir() if path.is_file()}
    with serve_hub(models={"me/encoder": {"main": encoder}, "me/adapter": {"main": adapter}}) as hub:
        there = {
            "HF_ENDPOINT": hub.endpoint,
            "HF_HUB_OFFLINE": "0",
            "HF_HOME": str(tmp_path / "hf"),
        }
        outcomes = []
        for model in (mine, "me/adapter"):
            command = ["evaluate", "-m", model, "-r", tmp_path / "scores", "--test_file", file]
            started = [sys.executable, "-m", "token_classification", *map(str, command)]
            outcomes.append(
                subprocess.run(started, env=os.environ | there, capture_output=True, text=True, check=False)
            )
    assert outcomes[0].returncode == 0, outcomes[0].stderr
    assert read_json(tmp_path / "scores" / "all_results.json")["predict_f1"] == 1.0
    assert outcomes[1].returncode == 2
    assert "type: hf download me/adapter --local-dir FOLDER" in outcomes[1].stderr
