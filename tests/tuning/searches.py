"""Trainings that only pretend, on a clock that only moves when they say so."""

from dataclasses import dataclass, field
from types import SimpleNamespace

from token_classification.arguments.command_line import parse_command_line
from token_classification.tuning.tune import Search

STEPS_OF_AN_EPOCH = 10


@dataclass
class FakeTrainings:
    """Stands for `run_trial`: each epoch takes a time and has a score."""

    score: object = lambda number, epoch: 0.5
    """Trial, epoch -> F1"""
    seconds_of_an_epoch: float = 10.0
    fails: dict = field(default_factory=dict)
    """Trial -> what goes wrong once it has begun"""
    now: float = 0.0
    argvs: list = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def __call__(self, argv, corpus, watch) -> float:
        self.argvs.append(list(argv))
        training = parse_command_line(argv)[0].training
        epochs = int(training.num_train_epochs)
        watch.on_train_begin(training, None, None)
        if watch.trial.number in self.fails:
            raise self.fails[watch.trial.number]
        for epoch in range(1, epochs + 1):
            self.now += self.seconds_of_an_epoch
            state = SimpleNamespace(
                global_step=epoch * STEPS_OF_AN_EPOCH, max_steps=epochs * STEPS_OF_AN_EPOCH, epoch=epoch
            )
            watch.on_step_end(training, state, None)
            watch.on_evaluate(training, state, None, {"eval_f1": self.score(watch.trial.number, epoch)})
        return self.score(watch.trial.number, epochs)


def plan_search(tmp_path, bert_folder, conll_file, trials=6, seconds=float("inf"), **flags) -> Search:
    """A search on the eight sentences."""
    files = {"train_file": str(conll_file), "validation_file": str(conll_file)}
    flags = {"model_name_or_path": str(bert_folder), **files, "use_cpu": True, **flags}
    return Search(flags, tmp_path / "out", 42, trials, seconds)
