"""Writes Tests/Fixtures/learn/series.json: what statsmodels makes of small series.

    python3 -m venv trust && trust/bin/pip install statsmodels==0.15.0 scipy==1.17.1
    trust/bin/python scripts/make-series-fixtures.py
"""

import json
import pathlib
import warnings

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm
from statsmodels.tsa.ar_model import AutoReg
from statsmodels.tsa.holtwinters import ExponentialSmoothing
from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing as StateSpace
from statsmodels.tsa.stattools import kpss

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn"
random = np.random.default_rng(20261204)
warnings.simplefilter("ignore")

n, m = 72, 12
t = np.arange(n)
season = np.array([-9, -7, 0, 2, 4, 9, 12, 11, 3, -4, -10, -11.0])
additive = np.round(100 + 0.8 * t + season[t % m] + random.normal(0, 2, n), 3)
multiplicative = np.round((60 + 0.9 * t) * (1 + season[t % m] / 50) * (1 + random.normal(0, 0.02, n)), 3)
e = random.normal(size=160)
arma = np.zeros(160)
for i in range(2, 160):
    arma[i] = 0.6 * arma[i - 1] - 0.2 * arma[i - 2] + e[i] + 0.4 * e[i - 1]
arma = np.round(arma + 5, 4)


def known():
    """Filters with given parameters and states."""
    cases = []
    plan = [
        ("additive", None, None, {"smoothing_level": 0.3}),
        ("additive", "add", None, {"smoothing_level": 0.4, "smoothing_trend": 0.1}),
        ("additive", "damped", None, {"smoothing_level": 0.4, "smoothing_trend": 0.2, "damping_trend": 0.9}),
        ("additive", "add", "add", {"smoothing_level": 0.3, "smoothing_trend": 0.05, "smoothing_seasonal": 0.2}),
        ("multiplicative", "add", "mul", {"smoothing_level": 0.3, "smoothing_trend": 0.05, "smoothing_seasonal": 0.3}),
        ("multiplicative", "damped", "mul", {"smoothing_level": 0.3, "smoothing_trend": 0.1, "smoothing_seasonal": 0.3, "damping_trend": 0.95}),
    ]
    for name, trend, seasonal, p in plan:
        y = {"additive": additive, "multiplicative": multiplicative}[name]
        first = {"initial_level": float(y[:m].mean())}
        if trend:
            first["initial_trend"] = 0.5
        if seasonal:
            first["initial_seasonal"] = list(np.round(y[:m] - y[:m].mean() if seasonal == "add" else y[:m] / y[:m].mean(), 6))
        model = ExponentialSmoothing(
            y, trend="add" if trend else None, damped_trend=trend == "damped", seasonal=seasonal, seasonal_periods=m if seasonal else None,
            initialization_method="known", **first)
        fit = model.fit(**p, optimized=False)
        cases.append({
            "series": name, "trend": trend, "season": seasonal, "parameters": p, "level": first["initial_level"],
            "firstTrend": first.get("initial_trend"), "firstSeason": first.get("initial_seasonal"),
            "fitted": fit.fittedvalues.tolist(), "forecast": fit.forecast(15).tolist(), "sse": float(fit.sse)})
    return cases


def best():
    """The least squares that statsmodels finds, from several beginnings."""
    cases = []
    for name, trend, seasonal in [
        ("additive", None, None), ("additive", "add", None), ("additive", "damped", None), ("additive", "add", "add"),
        ("additive", None, "add"), ("multiplicative", "add", "mul"), ("multiplicative", "damped", "mul")]:
        y = {"additive": additive, "multiplicative": multiplicative}[name]
        model = ExponentialSmoothing(
            y, trend="add" if trend else None, damped_trend=trend == "damped", seasonal=seasonal, seasonal_periods=m if seasonal else None,
            initialization_method="estimated")
        fits = [model.fit(method=way) for way in ("SLSQP", "L-BFGS-B", "trust-constr")]
        cases.append({"series": name, "trend": trend, "season": seasonal, "sse": float(min(f.sse for f in fits))})
    return cases


def deviations():
    """The deviations of a state space model with given parameters: those of additive parts are exact."""
    model = StateSpace(additive, trend=True, seasonal=None, initialization_method="known", initial_level=100.0, initial_trend=0.8)
    # There the trend's parameter is already multiplied by the level's.
    result = model.smooth([0.4, 0.4 * 0.1, 4.0])
    found = result.get_forecast(10)
    return {"forecast": found.predicted_mean.tolist(), "ratios": (found.se_mean / found.se_mean[0]).tolist()}


def css(y, p, q):
    """Conditional sums of squares of an ARMA with a mean, by SciPy from several beginnings."""
    def loss(x):
        mean, ar, ma = x[0], x[1 : 1 + p], x[1 + p :]
        w, errors = y - mean, np.zeros(len(y))
        for i in range(p, len(y)):
            errors[i] = w[i] - sum(ar[k] * w[i - 1 - k] for k in range(p)) - sum(ma[k] * errors[i - 1 - k] for k in range(q) if i - 1 - k >= 0)
        value = (errors**2).sum()
        return value if np.isfinite(value) else 1e12

    found = [minimize(loss, np.r_[y.mean(), np.full(p + q, s)], method="BFGS", options={"gtol": 1e-8}) for s in (0.05, 0.3, -0.2)]
    least = min(found, key=lambda f: f.fun)
    return {"p": p, "q": q, "weights": least.x.tolist(), "sse": float(least.fun)}


auto = AutoReg(arma, lags=2, trend="c").fit()
content = {
    "additive": additive.tolist(), "multiplicative": multiplicative.tolist(), "arma": arma.tolist(), "known": known(), "best": best(),
    "deviations": deviations(), "css": [css(arma, 1, 1), css(arma, 2, 0), css(arma, 0, 2), css(arma, 2, 1)],
    "autoregression": {"weights": auto.params.tolist(), "sse": float((auto.resid**2).sum()), "forecast": auto.forecast(8).tolist()},
    "kpss": [float(kpss(s, regression="c", nlags=int(4 * (len(s) / 100) ** 0.25))[0]) for s in (additive, arma)],
    "quantiles": {"p": [0.001, 0.05, 0.3, 0.5, 0.9, 0.9999], "x": norm.ppf([0.001, 0.05, 0.3, 0.5, 0.9, 0.9999]).tolist()},
}
text = json.dumps(content, separators=(",", ":"), allow_nan=False)
(FOLDER / "series.json").write_text(text + "\n")
print(f"series.json: {len(text) / 1024:.0f} KB", content["kpss"])
