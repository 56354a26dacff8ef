"""The commands of the TAO dialect in this process, for the tests of whole commands."""

from pathlib import Path

from token_classification import cli
from token_classification.exit_codes import run_command

LEARN_BY_HEART = [
    "trainer.max_epochs=80",
    "model.optim.lr=5e-3",
    "training_ds.batch_size=4",
    "model.head.fc_dropout=0.0",
    # Of so few relu units too many can die.
    "model.head.activation=tanh",
]


def run(*arguments: object) -> int:
    """Run a command in this process; gives its exit code."""
    return run_command(cli.run, list(map(str, arguments)))


def train_model(specs: Path, data_dir: Path, encoder: Path, results: Path, *more: str) -> int:
    """Train with the shipped spec until the eight sentences are known by heart."""
    settings = [f"data_dir={data_dir}", f"model.language_model.pretrained_model_name={encoder}", *LEARN_BY_HEART]
    return run("train", "-e", specs / "train.yaml", "-r", results, *settings, *more)
