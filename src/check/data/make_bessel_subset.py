"""Writes bessel_reference.csv here: a subset of the reference points, for `kantor check`, which has no files at hand.

    python src/check/data/make_bessel_subset.py

All values are multiprecision (Arb through python-flint, mpmath) and were made by tests/data/make_bessel_reference.py
and the sources that tests/data/SOURCES.md names. Taken are every fifth point of each function there, and of the 2,030
points of log I and log K every fortieth, as log-i and log-k.
"""
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE.parents[2] / "tests" / "data"
FEW, FAR = 5, 40


def body(name):
    return (DATA / name).read_text().splitlines()[1:]


lines, seen = [], {}
for line in body("bessel_reference.csv"):
    function = line.split(",")[0]
    seen[function] = seen.get(function, -1) + 1
    # The shortest table, of log Gamma, is taken more densely.
    step = 3 if function == "log-gamma" else FEW
    if seen[function] % step == 0:
        lines.append(line)
for line in body("log_bessel_reference.csv")[::FAR]:
    v, x, i, i_low, k, k_low = line.split(",")
    lines += [f"log-i,{v},{x},{i},{i_low}", f"log-k,{v},{x},{k},{k_low}"]
head = "# Multiprecision values as hi + lo, written by make_bessel_subset.py.\nfunction,v,x,hi,lo\n"
(HERE / "bessel_reference.csv").write_text(head + "\n".join(sorted(lines)) + "\n")
