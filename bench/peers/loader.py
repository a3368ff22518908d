"""One epoch of shuffled batches in PyTorch.

Reads commands {"variant": name}, a line each, reads an epoch and answers {"milliseconds": for the epoch}. The variants are
a DataLoader in the process, one with two workers that live on from epoch to epoch, and a gather by hand.
"""

import json
import sys
import time

import torch
from torch.utils.data import DataLoader, TensorDataset

options = json.loads(sys.argv[1])
rows, batch_size = options["rows"], options["batchSize"]
torch.set_num_threads(options["threads"])
torch.manual_seed(0)
features = torch.rand(rows, options["width"])
target = torch.randint(0, 10, (rows,))
dataset = TensorDataset(features, target)


def by_hand():
    order = torch.randperm(rows)
    for start in range(0, rows, batch_size):
        chosen = order[start : start + batch_size]
        yield features[chosen], target[chosen]


loaders = {
    "no workers": DataLoader(dataset, batch_size=batch_size, shuffle=True),
    "2 workers": DataLoader(dataset, batch_size=batch_size, shuffle=True, num_workers=2, persistent_workers=True),
}

for line in sys.stdin:
    variant = json.loads(line)["variant"]
    began = time.perf_counter()
    read = sum(len(batch[1]) for batch in (by_hand() if variant == "by hand" else loaders[variant]))
    took = time.perf_counter() - began
    assert read == rows
    print(json.dumps({"milliseconds": 1000 * took}), flush=True)
