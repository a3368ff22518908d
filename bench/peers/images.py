"""One epoch of images in PyTorch: decoded and augmented by torchvision, in batches.

Reads commands {"workers": count, "from": where from}, a line each, reads an epoch and answers {"milliseconds": for the
epoch}. From "files" they are decoded; from "pixels" they were, before; "anew" looks for the files and starts the workers
as the first epoch of a job has to.
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


def find():
    return sorted(Path(options["folder"]).glob("*/*.jpg"))


change = v2.Compose(
    [
        v2.RandomHorizontalFlip(),
        v2.RandomCrop(options["size"], padding=4),
        v2.RandomRotation(10, interpolation=InterpolationMode.BILINEAR),
        v2.ToDtype(torch.float32),
    ]
)


class Pictures(Dataset):
    def __init__(self, files):
        self.files = files

    def __len__(self):
        return len(self.files)

    def decode(self, place):
        return decode_jpeg(read_file(str(self.files[place])), ImageReadMode.RGB)

    def __getitem__(self, place):
        return change(self.decode(place)), 0 if self.files[place].parent.name == "a" else 1


class Kept(Pictures):
    def __init__(self, files):
        super().__init__(files)
        self.pixels = torch.stack([Pictures.decode(self, place) for place in range(len(files))])

    def decode(self, place):
        return self.pixels[place]


def loader(pictures, workers, persistent):
    more = {"num_workers": workers, "persistent_workers": persistent} if workers > 0 else {}
    return DataLoader(pictures, batch_size=options["batchSize"], shuffle=True, **more)


files = find()
kept = {
    kind: {workers: loader(pictures, workers, True) for workers in (0, 2)}
    for kind, pictures in (("files", Pictures(files)), ("pixels", Kept(files)))
}

for line in sys.stdin:
    command = json.loads(line)
    began = time.perf_counter()
    if command["from"] == "anew":
        batches = loader(Pictures(find()), command["workers"], False)
    else:
        batches = kept[command["from"]][command["workers"]]
    read = sum(len(labels) for _, labels in batches)
    took = time.perf_counter() - began
    assert read == len(files)
    print(json.dumps({"milliseconds": 1000 * took}), flush=True)
