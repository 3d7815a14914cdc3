"""Writes bessel_reference.csv: every function of kantor::reference's log-Bessel twin over its whole domain.

    pip install python-flint mpmath && python tests/data/make_bessel_reference.py

Inputs are exact f32; a value is stored as two f64 whose sum carries more than 100 bits. Three routes, none of them the
library's own region table:
  I       Arb (ball arithmetic, precision doubled until 140 bits are certain); its derivative in v by central
          differences of Arb values, step 2^-110, at 700 bits more.
  I, v >= 2e4 and v/50 < x < v^2, where Arb would need 1e5 bits and more: Debye's series in 24 exact terms (DLMF 10.41.3);
          the next is below 1e16 v^-25 < 1e-91. The Wronskian with the K of the third route confirms every such point.
  K       mpmath, trapezoid rule on K_v = int_0^inf exp(-x cosh t) cosh(v t) dt (DLMF 10.32.9), step halved until 42
          digits repeat; d/dv has t sinh(v t) in the integrand. Arb confirms it wherever it finishes cheaply.
"""
import math
import struct
from fractions import Fraction
from pathlib import Path

import flint
from flint import arb, ctx
from mpmath import mp, mpf

HERE = Path(__file__).parent
mp.dps = 150


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def to_mp(ball):
    """The midpoint of a ball, exactly."""
    mantissa, exponent = ball.mid().man_exp()
    return mp.ldexp(mpf(int(mantissa)), int(exponent))


def sure(compute, bits=300, wanted=140):
    """The ball of `compute` at the first precision that makes `wanted` bits certain."""
    while bits < 400_000:
        ctx.prec = bits
        ball = compute()
        if ball.is_finite() and ball.rel_accuracy_bits() > wanted:
            return to_mp(ball)
        bits *= 2
    raise ArithmeticError("no precision was enough")


# --- I -----------------------------------------------------------------------------


def debye_polynomials(count):
    """u_k(t) as {power: coefficient}, DLMF 10.41.9."""
    u = [{0: Fraction(1)}]
    for _ in range(count):
        following = {}
        for e, c in u[-1].items():
            for power, term in ((e + 1, c * e / 2), (e + 3, -c * e / 2), (e + 1, c / (8 * (e + 1))), (e + 3, -5 * c / (8 * (e + 3)))):
                following[power] = following.get(power, 0) + term
        u.append(following)
    return u


U = debye_polynomials(24)


def debye_log_i(v, x):
    w = mp.sqrt(v * v + x * x)
    t = v / w
    total = mpf(0)
    for k, u in enumerate(U):
        total += sum(mpf(c.numerator) / c.denominator * t**e for e, c in u.items()) / v**k
    return w - v * mp.asinh(v / x) - mp.log(2 * mp.pi * w) / 2 + mp.log(total)


def by_debye(v, x):
    return v >= 2e4 and v / 50 < x < v * v


def log_i(v, x):
    if by_debye(v, x):
        log, ratio = debye_log_i(mpf(v), mpf(x)), ratio_i(v, x)
        log_k, upward, _ = cached_k(v, x)
        assert abs(log + log_k + mp.log(mpf(x) * (ratio + upward))) < mpf(10) ** -35 * (v + x), (v, x)
        return log
    return sure(lambda: arb(x).bessel_i(arb(v)).log())


def ratio_i(v, x):
    if by_debye(v, x):
        return mp.exp(debye_log_i(mpf(v) + 1, mpf(x)) - debye_log_i(mpf(v), mpf(x)))
    return sure(lambda: arb(x).bessel_i(arb(v) + 1) / arb(x).bessel_i(arb(v)))


def regularized_i(v, x):
    if by_debye(v, x):
        return debye_log_i(mpf(v), mpf(x)) + mp.loggamma(mpf(v) + 1) + mpf(v) * mp.log(2 / mpf(x))
    return sure(lambda: arb(x).bessel_i(arb(v)).log() + (arb(v) + 1).lgamma() + arb(v) * (2 / arb(x)).log(), 1000)


def d_log_i_dv(v, x):
    if v == 0:  # DLMF 10.38.4; far below the spacing of its neighbours for a difference to see
        return -mp.exp(cached_k(0.0, x)[0] - log_i(v, x))
    if by_debye(v, x):
        h = mpf(2) ** -110
        return (debye_log_i(v + h, mpf(x)) - debye_log_i(v - h, mpf(x))) / (2 * h)

    def difference():
        h = arb(2) ** -110
        return (arb(x).bessel_i(v + h) / arb(x).bessel_i(v - h)).log() / (2 * h)

    return sure(difference, 1000)


# --- K -----------------------------------------------------------------------------


def moments_k(v, x):
    """log K_v, K_{v+1}/K_v and d log K_v / dv for v >= 0."""
    mp.dps = 110 + 2 * int(math.log10(1 + v + x) + 1)
    v, x = mpf(v), mpf(x)
    peak = mp.asinh(v / x)
    top = v * peak - x * mp.cosh(peak)

    def edge(direction):
        """Where the integrand is e^-130 of its peak, with room for the factors e^t and t."""
        near, far = mpf(0), mpf(400)
        for _ in range(200):
            middle = (near + far) / 2
            t = peak + direction * middle
            if top - v * t + x * mp.cosh(t) > 130 + middle:
                far = middle
            else:
                near = middle
        return peak + direction * far

    left, right = max(edge(-1), mpf(0)), edge(1)
    before = None
    nodes = 64
    while nodes <= 1 << 15:
        h = (right - left) / nodes
        sums = [mpf(0)] * 3
        for j in range(nodes + 1):
            t = left + j * h
            e = mp.exp(-x * mp.cosh(t) - top)
            if t == 0:
                e /= 2
            sums[0] += e * mp.cosh(v * t)
            sums[1] += e * mp.cosh((v + 1) * t)
            sums[2] += e * t * mp.sinh(v * t)
        now = (mp.log(sums[0] * h) + top, sums[1] / sums[0], sums[2] / sums[0])
        if before and all(abs(a - b) <= mpf(10) ** -42 * abs(a) for a, b in zip(now, before)):
            mp.dps = 150
            return now
        before = now
        nodes *= 2
    raise ArithmeticError("the trapezoid rule did not settle")


CACHE = {}


def cached_k(v, x):
    if (v, x) not in CACHE:
        CACHE[v, x] = moments_k(v, x)
        if v < 300 and 1e-3 < x < 300:
            confirmed = sure(lambda: arb(x).bessel_k(arb(v)).log())
            assert abs(CACHE[v, x][0] - confirmed) < mpf(10) ** -38 * (1 + abs(confirmed)), (v, x)
    return CACHE[v, x]


def ratio_k(v, x):
    """K_|v+1| / K_|v|."""
    if v >= 0:
        return cached_k(v, x)[1]
    top, bottom = abs(Fraction(v) + 1), abs(Fraction(v))
    assert Fraction(float(top)) == top, "v + 1 must be exact"
    return mp.exp(cached_k(float(top), x)[0] - cached_k(float(bottom), x)[0])


def regularized_k(v, x):
    a, b = mpf(v), mpf(x)
    return cached_k(v, x)[0] + (1 - a) * mp.log(2) + a * mp.log(b) - mp.loggamma(a)


def d_log_k_dv(v, x):
    return cached_k(v, x)[2] if v >= 0 else -cached_k(-v, x)[2]


FUNCTIONS = {
    "log-i": log_i,
    "log-i-scaled": lambda v, x: log_i(v, x) - mpf(x),
    "log-i-regularized": regularized_i,
    "ratio-i": ratio_i,
    "d-log-i-dx": lambda v, x: mpf(v) / mpf(x) + ratio_i(v, x),
    "d-log-i-dv": d_log_i_dv,
    "log-k": lambda v, x: cached_k(abs(v), x)[0],
    "log-k-scaled": lambda v, x: cached_k(abs(v), x)[0] + mpf(x),
    "log-k-regularized": regularized_k,
    "ratio-k": ratio_k,
    "d-log-k-dx": lambda v, x: mpf(abs(v)) / mpf(x) - cached_k(abs(v), x)[1],
    "d-log-k-dv": d_log_k_dv,
}

# --- points ------------------------------------------------------------------------

# Everywhere, coarsely: each function takes every fifth point, beginning elsewhere than the one before.
ORDERS = [0, 1e-30, 1e-3, 0.25, 0.5, 1, 2.5, 7.75, 15.99, 16, 31, 255, 4095, 1e5, 1e6]
ARGUMENTS = [1e-30, 1e-10, 1e-3, 0.3, 1, 2, 6, 17, 24, 60, 1e3, 1e5, 1e6, 1e8, 1e15, 1e30]
# Either side of a border of regions: x = 1 and 2, v = 16, w = 24.
BORDERS = [(0, 0.99), (0.5, 1.01), (12.5, 1), (0.5, 1.99), (3, 2.01), (15.75, 0.5), (16, 0.5), (15.999, 17.9), (15.999, 17.8),
           (16.001, 17.9), (0, 23.99), (0, 24.01), (12, 20.7), (12, 20.8), (8.5, 22.4), (8.5, 22.5), (16, 1e-30)]
NEGATIVE = [(-0.25, 0.01), (-0.5, 3), (-0.75, 0.2), (-0.125, 40), (-0.875, 1e5), (-1, 0.5), (-1.5, 2), (-20.25, 7), (-1e5, 1e6),
            (-0.0009765625, 1e-10), (-0.375, 5), (-2.5, 1e-20)]
ZEROS = [2, 5, 14, 16, 40, 333, 5000, 42656.4453125, 1e6]
GAMMA = [1e-30, 1e-5, 0.1, 0.49, 0.5, 0.51, 0.9, 0.999, 1 - 2**-23, 1 + 2**-23, 1.001, 1.2, 1.46163, 1.499, 1.5, 1.7, 1.999, 2 - 2**-22,
         2 + 2**-22, 2.001, 2.3, 2.5, 3, 4.5, 8.1, 10, 15.9, 16, 17.3, 30, 1e3, 1e6, 1e15, 1e30]


def zero_of_log_i(v):
    low, high = 1e-3 * v, 2.0 * v
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if log_i(v, middle) > 0 else (middle, high)
    return high


def points(name, index):
    grid = [(v, x) for v in ORDERS for x in ARGUMENTS]
    chosen = grid[index % 5 :: 5] + BORDERS[index % 2 :: 2]
    if name == "log-i":
        chosen += [(v, zero_of_log_i(v)) for v in ZEROS]
    if "-k" in name and name != "log-k-regularized":
        chosen += NEGATIVE if name == "ratio-k" else NEGATIVE[index % 3 :: 3]
    if name == "log-k-regularized":
        chosen = [(v, x) for v, x in chosen if v > 0]
    return [(f32(v), f32(x)) for v, x in chosen]


def row(name, v, x, value):
    hi = float(value)
    return f"{name},{v!r},{x!r},{hi!r},{float(value - mpf(hi))!r}\n"


def main():
    lines = ["function,v,x,hi,lo\n"]
    for index, (name, function) in enumerate(FUNCTIONS.items()):
        for v, x in points(name, index):
            lines.append(row(name, v, x, function(v, x)))
    for x in map(f32, GAMMA):
        lines.append(row("log-gamma", 0.0, x, mp.loggamma(mpf(x)).real))
    (HERE / "bessel_reference.csv").write_text("".join(lines))


if __name__ == "__main__":
    main()
