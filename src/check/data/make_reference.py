"""Writes elementary_reference.csv and twofloat_reference.csv: the truth the shaders of shaders/shared are held to.

    pip install mpmath && python src/check/data/make_reference.py

Every input is an exact f32 (or a pair of them), every value is computed with 200 bits and stored as two f64 whose sum
carries about 106 of them. The seed is fixed: the same files come out on every machine.
"""
import random
import struct
from pathlib import Path

from mpmath import mp, mpf

mp.prec = 200
random.seed(20250729)
HERE = Path(__file__).parent


def f32(x):
    """The f32 next to x."""
    return struct.unpack("<f", struct.pack("<f", x))[0]


def bits(x):
    return f"{struct.unpack('<I', struct.pack('<f', x))[0]:08x}"


def from_bits(b):
    return struct.unpack("<f", struct.pack("<I", b))[0]


def neighbours(x, reach=2):
    """x and the f32 values next to it, on both sides."""
    b = struct.unpack("<I", struct.pack("<f", x))[0]
    near = (b + d for d in range(-reach, reach + 1))
    return [from_bits(n) for n in near if n >= 0 and n & 0x7F800000 != 0x7F800000]


def pair(x):
    """The double-float next to x."""
    hi = f32(float(x))
    return hi, f32(float(mpf(x) - mpf(hi)))


def value(p):
    return mpf(p[0]) + mpf(p[1])


def split(v):
    hi = float(v)
    return f"{hi:.16e},{float(v - mpf(hi)):.16e}"


def signed(xs):
    return [s * x for x in xs for s in (1.0, -1.0)]


def elementary():
    ln2 = mp.log(2)
    tiny = [from_bits(1), from_bits(2), from_bits(0x3FFFFF), from_bits(0x7FFFFF)]
    tiny += [2.0**-126, 2.0**-100, 2.0**-26, 2.0**-25, f32(2.0**-25 * 1.0000002), 2.0**-24, 2.0**-23, 2.0**-12]
    # The edges of argument reduction: odd multiples of ln 2 / 2, where the reduced argument changes sign.
    edges = [x for n in (1, 3, 5, 31, 101) for x in neighbours(f32(float(n * ln2 / 2)), 1)]
    exps = [0.0] + signed(tiny) + signed(edges)
    exps += [f32(random.uniform(-87.0, 88.0)) for _ in range(40)]
    exps += [f32(random.uniform(-1.0, 1.0)) for _ in range(30)]
    overflow = neighbours(f32(float(128 * ln2)))[:2]  # the last two arguments with a finite result
    to_subnormal = neighbours(f32(float(-126 * ln2))) + [-88.0, -90.0, -95.5, -100.0, -103.0, f32(-103.97)]
    # The arguments of the largest errors of the present shaders, found by trying every f32.
    worst = {"exp": (0xC2AF66B6, 0x41DB08F6), "expm1": (0x3EBF7576, 0xBE93216B), "log": (0x3F33405A, 0x3FB3405A)}
    worst["log1p"] = (0xBE97205D,)
    exps += overflow + [from_bits(b) for b in worst["exp"] + worst["expm1"]]
    roots = [x for n in (-1, 1) for x in neighbours(f32(2.0 ** (n / 2)))]
    logs = tiny + neighbours(1.0, 8) + roots + neighbours(2.0)
    logs += [from_bits(0x7F7FFFFF)] + [from_bits(b) for b in worst["log"]]
    logs += [from_bits(random.randrange(1, 0x7F800000)) for _ in range(50)]
    logs += [f32(1.0 + random.uniform(-0.3, 0.42)) for _ in range(30)]
    log1ps = [0.0] + signed(tiny) + [f32(x - 1.0) for x in roots] + signed([1e-4, 1e-3, 0.01, 0.1])
    log1ps += neighbours(-1.0) + [-0.99, -0.5, 1.0, 2.0**23, 2.0**24, 2.0**25, 1e30, from_bits(0x7F7FFFFF)]
    log1ps += [from_bits(b) for b in worst["log1p"]]
    log1ps += [random.uniform(-0.99, 3.0) for _ in range(50)] + [10.0 ** random.uniform(-7, 38) for _ in range(20)]
    cases = [
        ("exp_f32", mp.exp, exps + to_subnormal),
        ("expm1_f32", mp.expm1, exps + to_subnormal[:5] + [-17.0, f32(-17.4), -18.0, -30.0, -88.0]),
        ("log_f32", mp.log, logs),
        ("log1p_f32", mp.log1p, log1ps),
    ]
    with open(HERE / "elementary_reference.csv", "w") as out:
        out.write("# function,x_bits (hex f32),value_hi,value_lo (f64; value = hi + lo; mpmath, 200 bits)\n")
        for name, function, xs in cases:
            for x in sorted(set(f32(x) for x in xs if -1.0 < x or not name.startswith("log"))):
                out.write(f"{name},{bits(x)},{split(function(mpf(x)))}\n")


def twofloat():
    def any_pair(low, high):
        return pair(mpf(random.choice([-1, 1])) * mp.exp(mpf(random.uniform(low, high))))

    def uniform(low, high):
        return pair(mpf(random.uniform(low, high)))

    def near(p, exponent):
        return pair(-value(p) * (1 + mpf(random.uniform(-1, 1)) * mpf(2) ** -exponent))

    one = mpf(1)
    ln2 = mp.log(2)
    zero = (0.0, 0.0)
    two = [(any_pair(-8, 8), any_pair(-8, 8)) for _ in range(30)]
    two += [(any_pair(-40, 40), any_pair(-40, 40)) for _ in range(15)]
    # Halves that are as long as they can be, operands one bit apart, and sums that cancel from 1 to 40 bits.
    long = [(from_bits(0x3F800FFF), from_bits(0x32FFFFFF)), (from_bits(0x3FFFFFFF), from_bits(0x337FFFFF))]
    long += [(1.0, 2.0**-24), (1.0, -(2.0**-25))]
    two += [(a, b) for a in long for b in long]
    cancelling = [(p, near(p, e)) for e in range(1, 41, 2) for p in [any_pair(-3, 3)]]
    near_one = [pair(one + s * mpf(2) ** -e) for e in (2, 5, 10, 20, 23, 24, 25, 30, 40) for s in (1, -1)]
    near_zero = [pair(s * mpf(random.uniform(1, 2)) / 2**e) for e in (2, 4, 5, 8, 12, 20, 24, 30, 60) for s in (1, -1)]
    # The edges of argument reduction: odd multiples of ln 2 / 16.
    turns = (-691, -100, -9, -1, 0, 1, 4, 50, 333, 690)
    edges = [pair((n + mpf(d)) * ln2 / 8) for n in turns for d in ("0.4999", "0.5", "0.5001")]
    exps = [uniform(-60, 60) for _ in range(30)] + [uniform(-1, 1) for _ in range(15)] + edges + near_zero
    exps += [zero, pair(mpf(60)), pair(mpf(-60))]
    # Found by search: among the largest errors of df_exp on |x| <= 60.
    worst = [(53.848866, 1.2813954e-6), (51.508232, -2.8296694e-7), (-0.909627, 2.3233726e-8)]
    exps += [(f32(hi), f32(lo)) for hi, lo in worst]
    positive = [pair(mp.exp(mpf(random.uniform(-54, 85)))) for _ in range(25)]
    positive += [pair(mp.exp(mpf(random.uniform(-1, 1)))) for _ in range(20)]
    roots = [pair(mp.sqrt(2) * (1 + s * mpf(2) ** -e) / d) for d in (2, 1) for e in (10, 24, 40) for s in (1, -1)]
    logs = positive + near_one + roots + [pair(mpf(0.7036)), pair(mpf(3) * mpf(2) ** 100), (from_bits(0x7F7FFFFF), 0.0)]
    log1ps = near_zero + [uniform(-0.5, 3) for _ in range(30)]
    log1ps += [pair(mpf(10) ** mpf(random.uniform(-6, 36))) for _ in range(20)]
    log1ps += [pair(value(r) - 1) for r in roots] + [(-0.5, 0.0), pair(mpf(-0.29320866))]

    with open(HERE / "twofloat_reference.csv", "w") as out:
        out.write("# function,a_hi_bits,a_lo_bits,b_hi_bits,b_lo_bits (hex f32; unused operands are 0)")
        out.write(",value_hi,value_lo (f64; value = hi + lo; mpmath, 200 bits)\n")

        def row(name, a, b, v):
            out.write(f"{name},{bits(a[0])},{bits(a[1])},{bits(b[0])},{bits(b[1])},{split(v)}\n")

        for a, b in two + cancelling:
            row("df_add", a, b, value(a) + value(b))
        for a, b in two + [(a, (-b[0], -b[1])) for a, b in cancelling]:
            row("df_sub", a, b, value(a) - value(b))
        for a, b in two:
            row("df_add_f32", a, (b[0], 0.0), value(a) + mpf(b[0]))
            row("df_mul", a, b, value(a) * value(b))
            row("df_mul_f32", a, (b[0], 0.0), value(a) * mpf(b[0]))
            row("df_div", a, b, value(a) / value(b))
        for a in positive + near_one + [zero]:
            row("df_sqrt", a, zero, mp.sqrt(value(a)))
        for a in exps:
            row("df_exp", a, zero, mp.exp(value(a)))
            row("df_expm1", a, zero, mp.expm1(value(a)))
        for a in logs:
            row("df_log", a, zero, mp.log(value(a)))
        for a in log1ps:
            row("df_log1p", a, zero, mp.log1p(value(a)))


if __name__ == "__main__":
    elementary()
    twofloat()
