"""Preprocessing a million rows with scikit-learn.

Reads commands {"variant": name}, a line each, fits and transforms and answers {"milliseconds": for both}. The numbers are
those of steps.ts: a linear congruential sequence, skewed.
"""

import json
import sys
import time

import numpy as np
from sklearn.decomposition import PCA
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

rows = json.loads(sys.argv[1])["rows"]


def numbers(seed):
    """x[n] = a x[n-1] + c mod 2^32, for all n at once: powers of a by doubling."""
    powers, sums = np.empty(rows, np.uint32), np.empty(rows, np.uint32)
    powers[0], sums[0], filled = 1664525, 1, 1
    while filled < rows:
        more = min(filled, rows - filled)
        with np.errstate(over="ignore"):
            sums[filled : filled + more] = sums[:more] * powers[filled - 1] + sums[filled - 1]
            powers[filled : filled + more] = powers[:more] * powers[filled - 1]
        filled += more
    with np.errstate(over="ignore"):
        states = powers * np.uint32(seed + 1) + sums * np.uint32(1013904223)
    return np.exp(3 * (states / 2**32)) - 4


dense = np.column_stack([numbers(index) for index in range(20)])
places = np.arange(rows)[:, None] * 7 + np.arange(20)
missing = np.where(places % 10 == 0, np.nan, dense)
wide = dense.astype(np.float32)
codes = np.abs(np.floor(dense[:, :4] * 7)).astype(int) % 10
target = numbers(99)

variants = {
    "StandardScaler": lambda: StandardScaler().fit_transform(dense),
    "MinMaxScaler": lambda: MinMaxScaler().fit_transform(dense),
    "RobustScaler": lambda: RobustScaler().fit_transform(dense),
    "QuantileTransformer": lambda: QuantileTransformer(subsample=None).fit_transform(dense),
    "SimpleImputer, mean": lambda: SimpleImputer().fit_transform(missing),
    "SimpleImputer, median": lambda: SimpleImputer(strategy="median").fit_transform(missing),
    "MissingIndicator": lambda: MissingIndicator(features="all").fit_transform(missing),
    "KBinsDiscretizer": lambda: KBinsDiscretizer(
        n_bins=10, encode="ordinal", strategy="quantile", quantile_method="linear", subsample=None
    ).fit_transform(dense),
    "PolynomialFeatures": lambda: PolynomialFeatures(degree=2, include_bias=False).fit_transform(wide[:, :5]),
    "PCA": lambda: PCA(n_components=5).fit_transform(wide),
    "OneHotEncoder": lambda: OneHotEncoder(sparse_output=False, dtype=np.float32).fit_transform(codes),
    "OrdinalEncoder": lambda: OrdinalEncoder().fit_transform(codes),
    "TargetEncoder": lambda: TargetEncoder(smooth=10, target_type="continuous").fit_transform(codes, target),
}

for line in sys.stdin:
    work = variants[json.loads(line)["variant"]]
    began = time.perf_counter()
    work()
    took = time.perf_counter() - began
    print(json.dumps({"milliseconds": 1000 * took}), flush=True)
