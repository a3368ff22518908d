"""One epoch of shuffled batches in tf.data and in Hugging Face datasets.

Reads an epoch for each line it is given and answers {"milliseconds": for the epoch}. Which of the two is in the options.
"""

import json
import os
import sys
import time

import numpy as np

options = json.loads(sys.argv[1])
rows, batch_size, width, threads = options["rows"], options["batchSize"], options["width"], options["threads"]
random = np.random.default_rng(0)
features = random.random((rows, width), dtype=np.float32)
target = random.integers(0, 10, rows).astype(np.int32)


def tensorflow():
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    dataset = tf.data.Dataset.from_tensor_slices((features, target))
    return dataset.shuffle(rows, seed=0).batch(batch_size).prefetch(tf.data.AUTOTUNE)


def hugging_face():
    import datasets

    datasets.disable_progress_bars()
    dataset = datasets.Dataset.from_dict({"features": features, "target": target}).with_format("numpy")

    def epochs():
        for batch in dataset.shuffle(seed=int(random.integers(2**31))).iter(batch_size):
            yield batch["features"], batch["target"]

    return epochs


known = {"tf.data": tensorflow, "Hugging Face datasets": hugging_face}
source = known[options["variant"]]()

for line in sys.stdin:
    began = time.perf_counter()
    read = sum(len(batch[1]) for batch in (source() if callable(source) else source))
    took = time.perf_counter() - began
    assert read == rows
    print(json.dumps({"milliseconds": 1000 * took}), flush=True)
