#!/usr/bin/env python3
"""pesq.py DIR: scores the pairs that `script/bench --quality SPEECH DIR` left there (PyPI: pesq, numpy)."""
import collections
import csv
import pathlib
import sys
import wave

try:
    import numpy
    from pesq import NoUtterancesError, pesq
except ImportError as error:
    sys.exit(f"pesq.py needs the packages pesq and numpy: {error}")


def samples(path):
    with wave.open(str(path)) as file:
        return file.getframerate(), numpy.frombuffer(file.readframes(file.getnframes()), dtype="<i2")


folder = pathlib.Path(sys.argv[1])
scores = collections.OrderedDict()
with open(folder / "pairs.csv") as pairs:
    for codec, network, name in csv.reader(pairs):
        rate, said = samples(folder / f"{name}.said.wav")
        _, heard = samples(folder / f"{name}.heard.wav")
        try:
            score = pesq(rate, said, heard, "nb" if rate == 8000 else "wb")
        except NoUtterancesError:
            continue
        scores.setdefault((codec, network), []).append(score)
for (codec, network), values in scores.items():
    print(f"{codec:6} {network:14} {numpy.mean(values):5.2f} MOS-LQO over {len(values)}")
