"""Writes vmf_reference.csv: the von Mises-Fisher distribution in multiprecision (Arb through python-flint).

    pip install python-flint && python make_vmf_reference.py > vmf_reference.csv

Columns: dimension p, concentration kappa (exact in f64), mean resultant length A = I_{p/2}(kappa) / I_{p/2-1}(kappa),
1 - A, dA/dkappa, ln C_p(kappa), entropy -ln C - kappa A. Values to 20 digits; each ball is asked to be narrower.
"""
from flint import arb, ctx

ctx.prec = 600
DIMENSIONS = [2, 3, 4, 5, 10, 33, 50, 100, 128, 129, 130, 200, 784, 2048, 8192, 32768, 100000]
CONCENTRATIONS = [1e-6, 1e-3, 0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 31.0, 63.0, 64.0, 65.0, 100.0, 300.0, 1e3, 3e3, 1e4,
                  1e5, 1e6, 1e7]


def digits(x):
    assert x.rel_accuracy_bits() > 80, x
    return x.str(20, radius=False)


def scaled_bessel_i(order, x):
    """I_order(x) exp(-x): finite for any x."""
    return x.bessel_i(order, scaled=True)


print("dimension,concentration,mean_resultant_length,complement,slope,log_normalizer,entropy")
for p in DIMENSIONS:
    for k in CONCENTRATIONS:
        x, v = arb(k), arb(p) / 2 - 1
        below, above = scaled_bessel_i(v, x), scaled_bessel_i(v + 1, x)
        a = above / below
        slope = 1 - a * a - (p - 1) * a / x
        log_c = v * x.log() - (v + 1) * (2 * arb.pi()).log() - below.log() - x
        entropy = -log_c - x * a
        print(",".join([str(p), repr(k)] + [digits(y) for y in (a, 1 - a, slope, log_c, entropy)]))
