"""Stands in for a training: ``fake_training.py train lr=… epochs=… name=… paths.runs=…``; ends with its input.

It notes when it begins and ends in ``<paths.runs>/journal``, writes a curve that rises with ``lr``, and a record.
"""

import os
import sys
import threading
import time
from pathlib import Path


def end_with_input() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


threading.Thread(target=end_with_input, daemon=True).start()
words = dict(word.split("=", 1) for word in sys.argv[2:])
runs, name = Path(words["paths.runs"]), words["name"]
if words.get("fail") == "true":
    sys.exit("spotvmr: it had to fail")
record = runs / name / "record.json"
if record.exists():  # as `spotvmr train` has nothing to do where a record of these settings is
    sys.exit()
with (runs / "journal").open("a") as journal:
    journal.write(f"begin {name}\n")
curves = runs / name / "curves" / "metrics.csv"
curves.parent.mkdir(parents=True, exist_ok=True)
epochs = int(words.get("epochs", 2))
for epoch in range(epochs):
    time.sleep(float(words.get("wait", 0)))
    header = "" if epoch else "epoch,step,train/loss,val/R1@0.3\r\n"
    with curves.open("a" if epoch else "w") as file:
        file.write(f"{header}{epoch},{epoch},,{float(words['lr']) * (epoch + 1) / epochs}\r\n{epoch},{epoch},1.0,\r\n")
time.sleep(float(words.get("wait", 0)))
record.write_text("{}")
with (runs / "journal").open("a") as journal:
    journal.write(f"end {name}\n")
