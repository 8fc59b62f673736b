"""Optuna for the suite `search`: a suggestion of its TPE sampler beside trials in memory."""

import math

import optuna

from protocol import serve

optuna.logging.set_verbosity(optuna.logging.ERROR)
FLOAT, INTEGER = optuna.distributions.FloatDistribution, optuna.distributions.IntDistribution
CHOICE = optuna.distributions.CategoricalDistribution
# As `SearchSuite.space` of benchmarks/harness/Suites/Search.swift.
SPACE = {
    "rate": FLOAT(1e-5, 1, log=True), "momentum": FLOAT(0, 1), "decay": FLOAT(0, 1), "layers": INTEGER(1, 16),
    "optimizer": CHOICE(("adam", "sgd", "lion")), "activation": CHOICE(("relu", "gelu", "tanh", "silu"))}


def loss(p):
    rate = math.log(p["rate"]) - math.log(1e-3)
    choices = 0.2 * (p["optimizer"] != "adam") + 0.1 * (p["activation"] != "gelu")
    squares = (p["momentum"] - 0.9) ** 2 + (p["decay"] - 0.1) ** 2 + ((p["layers"] - 6) / 16) ** 2
    return 0.01 * rate * rate + squares + choices


class Optuna:
    name = "optuna"
    version = optuna.__version__

    def prepare(self, operation, p):
        if operation != "tpe":
            return None
        drawn = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        for _ in range(p["trials"]):
            trial = drawn.ask(SPACE)
            drawn.tell(trial, loss(trial.params))
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1))
        study.add_trials(drawn.trials)

        def suggest():
            # A failed trial changes nothing of what comes next.
            study.tell(study.ask(SPACE), state=optuna.trial.TrialState.FAIL)

        return suggest


if __name__ == "__main__":
    serve(Optuna())
