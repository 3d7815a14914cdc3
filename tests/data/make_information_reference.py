"""Writes information_reference.csv: measures of joint tables, sums of log-weights and contraction coefficients to 50
digits (mpmath), of inputs that are exact in f32 or f64. Numbers are the shortest that read back as the same f64.

  table,f32|f64,rows,columns,cells,I,H(X|Y),H(Y|X),H(X),H(Y)     nats
  logs,f32|f64,1,m,log-weights,log-mean-exp,ess,perplexity
  channel,f64,inputs,outputs,entries and then the input distribution,eta_tv,eta_chi2
"""
import random
import struct
import mpmath as mp

mp.mp.dps = 50
rng = random.Random(20261124)


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def xlogx_ratio(p, q):
    return p * mp.log(p / q) if p else mp.mpf(0)


def measures(cells, a, b):
    w = [[mp.mpf(cells[i * b + j]) for j in range(b)] for i in range(a)]
    s = sum(map(sum, w))
    r = [sum(row) for row in w]
    c = [sum(w[i][j] for i in range(a)) for j in range(b)]
    cell = [(i, j) for i in range(a) for j in range(b) if w[i][j]]
    mi = sum(w[i][j] * mp.log(w[i][j] * s / (r[i] * c[j])) for i, j in cell) / s
    hxy = -sum(xlogx_ratio(w[i][j], c[j]) for i, j in cell) / s
    hyx = -sum(xlogx_ratio(w[i][j], r[i]) for i, j in cell) / s
    hx = -sum(xlogx_ratio(x, s) for x in r) / s
    hy = -sum(xlogx_ratio(x, s) for x in c) / s
    return [mi, hxy, hyx, hx, hy]


def tables():
    for a, b in [(1, 1), (1, 4), (2, 2), (3, 5), (7, 2), (5, 6)]:
        yield "f32", a, b, [float(rng.randrange(0, 50)) + (k == 0) for k in range(a * b)]
        yield "f32", a, b, [f32(rng.random() ** 6) for _ in range(a * b)]
        yield "f64", a, b, [rng.random() ** 3 for _ in range(a * b)]
    # Next to independence: r c (1 + e), the rounding of f32 and f64 included in what is the truth.
    for e in [1e-1, 1e-2, 1e-3, 1e-5, 1e-7]:
        for kind, word in [("f32", f32), ("f64", float)]:
            r, c = [rng.random() + 0.1 for _ in range(4)], [rng.random() + 0.1 for _ in range(5)]
            yield kind, 4, 5, [word(x * y * (1 + e * (2 * rng.random() - 1))) for x in r for y in c]
    # Integers that are off an exact product by one in millions.
    yield "f32", 2, 2, [4000001.0, 4000000.0, 4000000.0, 4000000.0]
    yield "f32", 2, 3, [3000000.0, 1500000.0, 6000000.0, 2000000.0, 1000001.0, 4000000.0]
    # Next to deterministic, next to constant, empty lines.
    for e in [2.0**-8, 2.0**-20, 2.0**-40]:
        yield "f32", 2, 2, [1.0, e, 0.0, 1.0]
        yield "f32", 3, 3, [1.0, e, 0.0, e, e, 0.0, 0.0, 0.0, e]
        yield "f32", 2, 2, [1.0, e, e, e]
    yield "f32", 3, 3, [0.0, 0.0, 0.0, 0.5, 0.0, 0.25, 0.0, 0.0, 2.0]
    yield "f32", 2, 2, [0.0, 5.0, 0.0, 0.0]
    # Far from one: scaled by the host.
    yield "f64", 2, 2, [3e-200, 1e-200, 2e-200, 4e-200]
    yield "f64", 2, 2, [3e300, 1e300, 2e300, 4e300]
    yield "f32", 2, 2, [f32(3e-30), f32(1e-30), f32(2e-30), f32(4e-30)]
    yield "f32", 2, 2, [f32(3e37), f32(1e37), f32(2e37), f32(4e37)]


def logs():
    inf = float("-inf")
    yield "f64", [0.0]
    yield "f64", [1e300, 1e300]
    yield "f64", [-5000.25, inf, inf, -5003.1]
    for n in [5, 40]:
        yield "f32", [f32(rng.uniform(-12, 3)) for _ in range(n)]
        yield "f64", [rng.uniform(-3, 3) - 1234.567 for _ in range(n)]
        yield "f64", [rng.gauss(0, 8) + 77777.7 for _ in range(n)]
        yield "f32", [inf if rng.random() < 0.5 else f32(rng.gauss(-900, 2)) for _ in range(n)] + [f32(-900.5)]


def channels():
    for a, b in [(2, 2), (3, 4), (5, 3), (6, 6)]:
        for spread in [1.0, 1e-6]:
            k = []
            base = [rng.random() + 0.1 for _ in range(b)]
            for _ in range(a):
                row = [x * (1 + spread * (rng.random() - 0.5)) for x in base]
                k += [x / sum(row) for x in row]
            yield a, b, k, [rng.random() + 0.05 for _ in range(a)]


def numbers(values):
    return ";".join(repr(float(x)) for x in values)


def line(*fields):
    return ",".join(map(str, fields))


with open(__file__.replace("make_information_reference.py", "information_reference.csv"), "w") as out:
    for kind, a, b, cells in tables():
        print(line("table", kind, a, b, numbers(cells), numbers(measures(cells, a, b))), file=out)
    for kind, row in logs():
        most = max(row)
        d = [mp.mpf(x) - mp.mpf(most) for x in row if x > float("-inf")]
        e = [mp.exp(x) for x in d]
        s = sum(e)
        perplexity = mp.exp(mp.log(s) - sum(x * y for x, y in zip(e, d)) / s)
        found = [mp.mpf(most) + mp.log(s / len(row)), s * s / sum(x * x for x in e), perplexity]
        print(line("logs", kind, 1, len(row), numbers(row), numbers(found)), file=out)
    for a, b, k, p in channels():
        m = [[mp.mpf(k[i * b + j]) for j in range(b)] for i in range(a)]
        m = [[x / sum(row) for x in row] for row in m]
        w = [mp.mpf(x) / sum(map(mp.mpf, p)) for x in p]
        q = [sum(w[i] * m[i][j] for i in range(a)) for j in range(b)]
        tv = max(sum(abs(x - y) for x, y in zip(m[i], m[l])) / 2 for i in range(a) for l in range(a))
        scaled = mp.matrix([[mp.sqrt(w[i]) * (m[i][j] - q[j]) / mp.sqrt(q[j]) for j in range(b)] for i in range(a)])
        chi2 = max(mp.svd_r(scaled, compute_uv=False)) ** 2
        print(line("channel", "f64", a, b, numbers(k + p), numbers([tv, chi2])), file=out)
