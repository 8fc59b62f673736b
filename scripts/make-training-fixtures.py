"""Writes Tests/Fixtures/training_losses.json, training_optimizers.json and schedules.json: what PyTorch says.

    benchmarks/peers/run.sh ../../scripts/make-training-fixtures.py

The layouts are those of scripts/make-fixtures.py. Lion and LAMB, which PyTorch lacks, are written out here from their
papers; schedules are the learning rates of thirty steps, or of thirty reports of a figure.
"""

import math

import torch
from torch.nn import functional as F
from torch.optim import lr_scheduler as schedulers

from fixture_format import case, numbers, optimizer_case, short, whole, write


class Lion(torch.optim.Optimizer):
    """Algorithm 2 of Chen et al., 2023."""

    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                one, two = group["betas"]
                direction = (one * m + (1 - one) * p.grad).sign()
                p -= group["lr"] * (direction + group["weight_decay"] * p)
                m.mul_(two).add_(p.grad, alpha=1 - two)


class LAMB(torch.optim.Optimizer):
    """Algorithm 2 of You et al., 2020, with the identity for its function of the parameter's length."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            one, two = group["betas"]
            for p in group["params"]:
                state = self.state[p]
                t = state["t"] = state.get("t", 0) + 1
                m = state.setdefault("m", torch.zeros_like(p))
                v = state.setdefault("v", torch.zeros_like(p))
                m.mul_(one).add_(p.grad, alpha=1 - one)
                v.mul_(two).add_(p.grad ** 2, alpha=1 - two)
                r = (m / (1 - one ** t)) / ((v / (1 - two ** t)).sqrt() + group["eps"]) + group["weight_decay"] * p
                ratio = p.norm() / r.norm() if p.norm() > 0 and r.norm() > 0 else 1.0
                p -= group["lr"] * ratio * r


def info_nce(a, b, temperature, symmetric):
    logits = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T / temperature
    own = torch.arange(len(a))
    loss = F.cross_entropy(logits, own)
    return (loss + F.cross_entropy(logits.T, own)) / 2 if symmetric else loss


def losses():
    """All losses by their mean; by sum and one by one those that reduce in a way of their own, and one that does not."""
    cases = []
    own = ("mse", "weighted_cross_entropy", "nll", "kl")
    for reduction in ["mean", "sum", "none"]:
        r = {"reduction": reduction}
        pair = [("mse", F.mse_loss, {}), ("l1", F.l1_loss, {}),
                ("huber", lambda a, b, reduction: F.huber_loss(a, b, reduction, 0.7), {"delta": 0.7}),
                ("smooth_l1", lambda a, b, reduction: F.smooth_l1_loss(a, b, reduction=reduction, beta=0.6), {"beta": 0.6})]
        for op, run, p in pair:
            cases.append(case(
                f"{op} {reduction}", op, lambda a, b, run=run, r=reduction: run(a, b, reduction=r),
                [numbers(3, 4), numbers(3, 4)], **r, **p))
        sign = whole(5, low=0, high=2) * 2.0 - 1
        cases.append(case(
            f"hinge {reduction}", "hinge",
            lambda a, t, r=reduction: {"mean": torch.mean, "sum": torch.sum, "none": lambda x: x}[r](
                (1.2 - a * t.detach()).clamp_min(0)), [numbers(5), sign.double()], margin=1.2, **r))
        cases.append(case(
            f"multi_margin {reduction}", "multi_margin", lambda a, t, r=reduction: F.multi_margin_loss(a, t, reduction=r),
            [numbers(4, 5), whole(4, low=0, high=5)], **r))
        targets = whole(3, 4, low=0, high=2).double()
        cases.append(case(
            f"bce_with_logits {reduction}", "bce_with_logits",
            lambda a, t, r=reduction: F.binary_cross_entropy_with_logits(a, t.detach(), reduction=r),
            [numbers(3, 4, low=-6, high=6), targets], **r))
        cases.append(case(
            f"bce_with_logits weighted {reduction}", "bce_with_logits",
            lambda a, t, w, p, r=reduction: F.binary_cross_entropy_with_logits(
                a, t.detach(), w.detach(), reduction=r, pos_weight=p.detach()),
            [numbers(3, 4), numbers(3, 4, low=0, high=1), numbers(4, low=0.2, high=2), numbers(4, low=0.2, high=2)], **r))
        cases.append(case(
            f"bce {reduction}", "bce", lambda a, t, r=reduction: F.binary_cross_entropy(a, t.detach(), reduction=r),
            [numbers(3, 4, low=0.05, high=0.95), targets], **r))
        weights = numbers(5, low=0.2, high=2)
        labels = whole(6, low=0, high=5)
        labels[2] = 3
        for smoothing in [0.0, 0.2]:
            for ignored in [None, 3]:
                extra = {"label_smoothing": smoothing, **({} if ignored is None else {"ignore_index": ignored})}
                cases.append(case(
                    f"weighted_cross_entropy {reduction} smoothing {smoothing} ignored {ignored}", "weighted_cross_entropy",
                    lambda a, t, w, r=reduction, e=extra: F.cross_entropy(a, t, w.detach(), reduction=r, **e),
                    [numbers(6, 5), labels, weights], **r, **extra))
        for ignored in [-100, 3]:
            cases.append(case(
                f"nll {reduction} ignored {ignored}", "nll",
                lambda a, t, w, r=reduction, i=ignored: F.nll_loss(a, t, w.detach(), reduction=r, ignore_index=i),
                [numbers(6, 5, low=-4, high=0), torch.where(labels == 1, torch.tensor(ignored), labels), weights], **r,
                ignore_index=ignored))
        p = numbers(3, 4, low=0, high=1)
        p[1, 2] = 0
        p = ((p / p.sum(1, keepdim=True)) * 1000).round() / 1000
        torch_reduction = "batchmean" if reduction == "mean" else reduction
        for log in [False, True]:
            cases.append(case(
                f"kl {reduction}{' of logarithms' if log else ''}", "kl",
                lambda a, t, r=torch_reduction, log=log: F.kl_div(a, t.detach(), reduction=r, log_target=log),
                [numbers(3, 4, low=-4, high=0), numbers(3, 4, low=-4, high=0) if log else p], log_target=log, **r))
        cases.append(case(
            f"cosine_embedding {reduction}", "cosine_embedding",
            lambda a, b, t, r=reduction: F.cosine_embedding_loss(a, b, t.detach(), 0.1, reduction=r),
            [numbers(5, 4), numbers(5, 4), sign.double()], margin=0.1, **r))
        cases.append(case(
            f"triplet {reduction}", "triplet",
            lambda a, b, c, r=reduction: F.triplet_margin_loss(a, b, c, 0.8, reduction=r),
            [numbers(5, 4), numbers(5, 4), numbers(5, 4)], margin=0.8, **r))
    cases = [c for c in cases if c["parameters"]["reduction"] == "mean" or c["op"] in own]
    for symmetric in [False, True]:
        cases.append(case(
            f"info_nce{' symmetric' if symmetric else ''}", "info_nce",
            lambda a, b, s=symmetric: info_nce(a, b, 0.3, s), [numbers(5, 4), numbers(5, 4)], temperature=0.3,
            symmetric=symmetric))
    write("training_losses", cases)


def optimizers():
    table = [
        ("Adagrad", torch.optim.Adagrad, {"lr": 0.1}),
        ("Adagrad everything", torch.optim.Adagrad,
         {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.02, "initial_accumulator_value": 0.3, "eps": 1e-6}),
        ("RMSprop", torch.optim.RMSprop, {"lr": 0.01}),
        ("RMSprop everything", torch.optim.RMSprop,
         {"lr": 0.01, "alpha": 0.9, "eps": 1e-6, "weight_decay": 0.02, "momentum": 0.8, "centered": True}),
        ("Adafactor", torch.optim.Adafactor, {"lr": 0.05}),
        ("Adafactor weight decay", torch.optim.Adafactor, {"lr": 0.2, "weight_decay": 0.1, "d": 1.2}),
        ("Lion", Lion, {"lr": 0.01}),
        ("Lion everything", Lion, {"lr": 0.02, "betas": [0.8, 0.95], "weight_decay": 0.1}),
        ("LAMB", LAMB, {"lr": 0.02}),
        ("LAMB everything", LAMB, {"lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-5, "weight_decay": 0.1}),
    ]
    write("training_optimizers", [optimizer_case(*row) for row in table])


def rates(make, steps=30, figures=None):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    scheduler = make(optimizer)
    result = []
    for step in range(steps):
        if figures is None:
            result.append(short(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if figures is None:
            scheduler.step()
        else:
            scheduler.step(figures[step])
            result.append(short(optimizer.param_groups[0]["lr"]))
    return result


def schedules():
    def warm_linear(t):
        return t / 5 if t < 5 else max(0.0, (25 - t) / 20)

    def warm_cosine(t):
        return t / 5 if t < 5 else 0.1 + 0.9 * (1 + math.cos(math.pi * min((t - 5) / 20, 1))) / 2

    table = {
        "constant": lambda o: schedulers.LambdaLR(o, lambda t: 1.0),
        "step": lambda o: schedulers.StepLR(o, 7, 0.3),
        "milestones": lambda o: schedulers.MultiStepLR(o, [3, 10, 11], 0.5),
        "exponential": lambda o: schedulers.ExponentialLR(o, 0.9),
        "linear": lambda o: schedulers.LinearLR(o, 0.2, 0.8, 12),
        "cosine": lambda o: schedulers.CosineAnnealingLR(o, 40, 0.05),
        "cosineRestarts": lambda o: schedulers.CosineAnnealingWarmRestarts(o, 4, 2, 0.05),
        "cosineRestarts of one length": lambda o: schedulers.CosineAnnealingWarmRestarts(o, 6, 1),
        "warmupLinear": lambda o: schedulers.LambdaLR(o, warm_linear),
        "warmupCosine": lambda o: schedulers.LambdaLR(o, warm_cosine),
        "oneCycle": lambda o: schedulers.OneCycleLR(o, 0.5, total_steps=31, cycle_momentum=False),
        "sequence": lambda o: schedulers.SequentialLR(
            o, [schedulers.LinearLR(o, 0.1, 1.0, 5), schedulers.ExponentialLR(o, 0.9)], [5]),
    }
    cases = [{"name": name, "rates": rates(make), "figures": []} for name, make in table.items()]
    figures = [short(1 / (1 + i) + (0.3 if i > 6 else 0)) for i in range(15)] + [0.05] * 15
    cases.append({
        "name": "plateau", "figures": figures,
        "rates": rates(lambda o: schedulers.ReduceLROnPlateau(o, factor=0.5, patience=2, cooldown=1, min_lr=0.05),
                       figures=figures),
    })
    cases.append({
        "name": "plateau of a maximum", "figures": figures,
        "rates": rates(lambda o: schedulers.ReduceLROnPlateau(o, mode="max", factor=0.2, patience=4), figures=figures),
    })
    write("schedules", cases)


if __name__ == "__main__":
    losses()
    optimizers()
    schedules()
