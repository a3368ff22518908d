"""One epoch of images in PyTorch: decoded and augmented by torchvision, in batches.

Reads commands {"workers": count}, a line each, reads an epoch and answers {"milliseconds": for the epoch}.
"""

import json
import sys
import time
from pathlib import Path

import torch
from torch.utils.data import DataLoader, Dataset
from torchvision.io import ImageReadMode, decode_jpeg, read_file
from torchvision.transforms import InterpolationMode, v2

options = json.loads(sys.argv[1])
torch.set_num_threads(1)
torch.manual_seed(0)
files = sorted(Path(options["folder"]).glob("*/*.jpg"))
change = v2.Compose(
    [
        v2.RandomHorizontalFlip(),
        v2.RandomCrop(options["size"], padding=4),
        v2.RandomRotation(10, interpolation=InterpolationMode.BILINEAR),
        v2.ToDtype(torch.float32),
    ]
)


class Pictures(Dataset):
    def __len__(self):
        return len(files)

    def __getitem__(self, place):
        picture = decode_jpeg(read_file(str(files[place])), ImageReadMode.RGB)
        return change(picture), 0 if files[place].parent.name == "a" else 1


def loader(workers):
    more = {"num_workers": workers, "persistent_workers": True} if workers > 0 else {}
    return DataLoader(Pictures(), batch_size=options["batchSize"], shuffle=True, **more)


loaders = {workers: loader(workers) for workers in (0, 2)}

for line in sys.stdin:
    began = time.perf_counter()
    read = sum(len(labels) for _, labels in loaders[json.loads(line)["workers"]])
    took = time.perf_counter() - began
    assert read == len(files)
    print(json.dumps({"milliseconds": 1000 * took}), flush=True)
