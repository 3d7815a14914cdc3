"""Values and gradients of losses and entropies to 30 digits: losses_reference.csv, losses_entropy_reference.csv.

Run with mpmath 1.4: python make_losses_reference.py. Numbers are exact in f32.
"""
import random
import struct
from mpmath import mp, mpf, exp, log, inf, diff

mp.dps = 60
random.seed(11)


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def softmax(z):
    most = max(z)
    e = [exp(x - most) if x > -inf else mpf(0) for x in z]
    s = sum(e)
    return [x / s for x in e]


def loss(name, a, b, c, z, y):
    """Value, and derivatives with respect to z (already over T)."""
    k = len(z)
    others = [i for i in range(k) if i != y]
    u = sum((exp(z[i] - z[y]) for i in others if z[i] > -inf), mpf(0))
    p = softmax(z)
    q = [exp(z[i] - z[y]) / u if i != y and u > 0 and z[i] > -inf else mpf(0) for i in range(k)]

    def of_u(value, slope):
        return value, [slope * q[i] if i != y else -slope for i in range(k)]

    if name in ("comp-sum", "gce"):
        tau = mpf(a) if name == "comp-sum" else 1 + mpf(a)
        value = log(1 + u) if tau == 1 else ((1 + u) ** (1 - tau) - 1) / (1 - tau)
        return of_u(value, u * (1 + u) ** (-tau))
    if name == "cross-entropy":
        t = [(1 - mpf(a)) * (i == y) + mpf(a) / k for i in range(k)]
        value = -sum(t[i] * log(p[i]) for i in range(k) if t[i] > 0)
        return value, [p[i] - t[i] for i in range(k)]
    margin, lam = mpf(a), mpf(b)
    if name == "aldr":
        w = softmax([(z[i] + (margin if i != y else 0)) / lam for i in range(k)])
        kl = log(k) + sum(x * log(x) for x in w if x > 0)
        lam = lam - lam * kl / (mpf(c) * log(k))
    w = [(z[i] - z[y] + (margin if i != y else 0)) / lam for i in range(k)]
    value = lam * log(sum(exp(x) for x in w if x > -inf) / k)
    p = softmax(w)
    return value, [p[i] - (1 if i == y else 0) for i in range(k)]


def logits(kind, k):
    z = {
        "normal": lambda: [random.gauss(0, 2) for _ in range(k)],
        "sure": lambda: [random.gauss(0, 2) + (30 if i == 0 else 0) for i in range(k)],
        "wrong": lambda: [random.gauss(0, 2) - (25 if i == 0 else 0) for i in range(k)],
        "holes": lambda: [-inf if random.random() < 0.3 and i > 1 else random.gauss(0, 3) for i in range(k)],
        "flat": lambda: [3 + 1e-4 * random.gauss(0, 1) for _ in range(k)],
        "shifted": lambda: [-1234.5 + random.gauss(0, 4) for _ in range(k)],
    }[kind]()
    return [x if x == -inf else f32(x) for x in z]


KINDS = ["normal", "sure", "wrong", "holes", "flat", "shifted"]


def number(x):
    """Inputs are printed by repr, which is exact."""
    return "-inf" if x == -inf else mp.nstr(mpf(x), 15)


def main():
    losses = [("comp-sum", t, 0, 0) for t in (0, 0.5, 1, 1.7, 2, 3.5)]
    losses += [("gce", 0.7, 0, 0), ("gce", 1, 0, 0), ("cross-entropy", 0, 0, 0), ("cross-entropy", 0.1, 0, 0)]
    losses += [("ldr", 0, 1, 0), ("ldr", 2, 0.5, 0), ("aldr", 0.5, 1, 2), ("aldr", 1, 0.25, 1.5)]
    with open("losses_reference.csv", "w") as out:
        out.write("# loss,a,b,c,temperature,label,bins,value,logits...,gradient...\n")
        for name, a, b, c in losses:
            for kind in KINDS:
                if name == "cross-entropy" and a > 0 and kind == "holes":
                    continue
                for k, temperature in ((2, 1), (7, 1), (16, 2), (21, 0.5)):
                    # sum-exponential losses of wrong labels leave f32.
                    if name == "comp-sum" and a == 0 and kind == "wrong" and temperature < 1:
                        continue
                    z = logits(kind, k)
                    label = 0 if kind != "normal" else random.randrange(k)
                    value, gradient = loss(name, a, b, c, [mpf(x) / temperature for x in z], label)
                    gradient = [g / temperature for g in gradient]
                    row = [name, a, b, c, temperature, label, k, number(value)]
                    row += [repr(float(x)) for x in z] + [number(g) for g in gradient]
                    out.write(",".join(map(str, row)) + "\n")
    with open("losses_entropy_reference.csv", "w") as out:
        out.write("# entropy,alpha,input,temperature,bins,value,numbers...,gradient...\n")
        orders = [("shannon", 1)] + [(e, a) for e in ("renyi", "tsallis") for a in (0.3, 0.9999, 1.2, 2, 7.5)]
        for name, alpha in orders:
            a = mpf(alpha)
            for kind in KINDS:
                for given in ("logits", "weights"):
                    for k, temperature in ((2, 1), (7, 1), (22, 2)):
                        z = logits(kind, k)
                        if given == "weights":
                            temperature = 1
                            # Weights of any size, in f32.
                            most = max(z)
                            z = [f32(7 * float(exp(x - most))) if x > -inf else 0.0 for x in z]
                            s = sum(mpf(x) for x in z)
                            p = [mpf(x) / s for x in z]
                        else:
                            p = softmax([mpf(x) / temperature for x in z])
                        if name == "shannon":
                            value = -sum(x * log(x) for x in p if x > 0)
                            slope = [-log(x) if x > 0 else None for x in p]
                        else:
                            power = sum(x ** a for x in p if x > 0)
                            value = log(power) / (1 - a) if name == "renyi" else (1 - power) / (a - 1)
                            scale = power if name == "renyi" else 1
                            slope = [-a * x ** (a - 1) / ((a - 1) * scale) if x > 0 else None for x in p]
                        mean = sum(x * g for x, g in zip(p, slope) if x > 0)
                        if given == "weights":
                            # Empty bins: not compared.
                            gradient = [(g - mean) / s if g is not None else inf for g in slope]
                        else:
                            gradient = [x * (g - mean) / temperature if x > 0 else mpf(0) for x, g in zip(p, slope)]
                        row = [name, alpha, given, temperature, k, number(value)]
                        row += [repr(float(x)) for x in z] + ["inf" if g == inf else number(g) for g in gradient]
                        out.write(",".join(map(str, row)) + "\n")


main()
