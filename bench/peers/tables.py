"""Reading a CSV or Parquet file with pandas or polars.

Reads commands {"format": name}, a line each, reads the file and answers {"milliseconds": for it}.
"""

import json
import os
import sys
import time

options = json.loads(sys.argv[1])
folder = options["folder"]
os.environ["POLARS_MAX_THREADS"] = str(options["threads"])


def pandas():
    import pandas

    numbers = {name: "float64" for name in ("a", "b", "c", "d")}
    types = {**numbers, "count": "int32", "level": "category"}
    return {
        "csv": lambda: pandas.read_csv(f"{folder}/rows.csv", dtype=types, parse_dates=["at"]),
        "parquet": lambda: pandas.read_parquet(f"{folder}/rows.parquet"),
    }


def polars():
    import polars

    return {
        "csv": lambda: polars.read_csv(f"{folder}/rows.csv", try_parse_dates=True),
        "parquet": lambda: polars.read_parquet(f"{folder}/rows.parquet"),
    }


readers = {"pandas": pandas, "polars": polars}[options["peer"]]()

for line in sys.stdin:
    read = readers[json.loads(line)["format"]]
    began = time.perf_counter()
    table = read()
    took = time.perf_counter() - began
    assert len(table) == 1_000_000
    print(json.dumps({"milliseconds": 1000 * took}), flush=True)
