"""The digits training step in PyTorch.

Reads commands {"variant": name, "steps": count}, a line each, takes that many steps and answers {"milliseconds": per step}.
"usual" is what one writes: nn.Dropout, AdamW as it comes. "fastest" is told everything that helps: the fused AdamW, and
dropout masks that were made outside the step, as Watertight's are.
"""

import json
import sys
import time

import torch
from torch import nn

options = json.loads(sys.argv[1])
batch_size, width, count = options["batchSize"], options["width"], options["batches"]
torch.set_num_threads(options["threads"])
torch.manual_seed(0)


def read(name, size, dtype):
    return torch.from_file(f"{options['folder']}/{name}", size=size, dtype=dtype)


features = read("features", count * batch_size * width, torch.float32).view(count, batch_size, width)
target = read("target", count * batch_size, torch.int32).long().view(count, batch_size)
masks = [(torch.rand(count, batch_size, units) < 0.8).float() / 0.8 for units in (512, 256)]
entropy = nn.CrossEntropyLoss(label_smoothing=0.05)


def make_step(variant):
    sizes = [width, 512, 256, 10]
    layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
    dropout = nn.Dropout(0.2)
    decayed = [parameter for parameter in layers.parameters() if parameter.dim() > 1]
    biases = [parameter for parameter in layers.parameters() if parameter.dim() == 1]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": biases, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, fused=variant == "fastest")

    def forward(batch):
        values = features[batch]
        for index in (0, 1):
            values = layers[index](values).relu()
            values = dropout(values) if variant == "usual" else values * masks[index][batch]
        return layers[2](values)

    def step(batch):
        optimizer.zero_grad()
        loss = entropy(forward(batch), target[batch])
        loss.backward()
        norm = nn.utils.clip_grad_norm_(layers.parameters(), 1.0)
        optimizer.step()
        return loss.item(), norm.item()

    return step


steps = {variant: make_step(variant) for variant in ("usual", "fastest")}

for line in sys.stdin:
    command = json.loads(line)
    step = steps[command["variant"]]
    began = time.perf_counter()
    for index in range(command["steps"]):
        step(index % count)
    took = time.perf_counter() - began
    print(json.dumps({"milliseconds": 1000 * took / command["steps"]}), flush=True)
