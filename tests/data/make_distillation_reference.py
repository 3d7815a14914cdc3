"""Distillation losses and class priors to 30 digits: distillation_reference.csv, class_prior_reference.csv.

Run with mpmath 1.3: python make_distillation_reference.py. Numbers are exact in f32.
"""
import random
import struct
from mpmath import mp, mpf, exp, log, inf

mp.dps = 60
random.seed(21)


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def softmax(z):
    most = max(z)
    e = [exp(x - most) if x > -inf else mpf(0) for x in z]
    s = sum(e)
    return [x / s for x in e]


def kl(p, q):
    return sum(x * log(x / y) for x, y in zip(p, q) if x > 0)


def loss(name, beta, t, s):
    """Value, and derivatives with respect to the student's logits over its temperature."""
    if name == "forward":
        return kl(t, s), [y - x for x, y in zip(t, s)]
    if name == "entropy-weighted":
        h = -sum(x * log(x) for x in t if x > 0)
        return h * kl(t, s), [h * (y - x) for x, y in zip(t, s)]
    if name == "reverse":
        value = kl(s, t)
        return value, [y * (log(y / x) - value) if y > 0 else mpf(0) for x, y in zip(t, s)]
    m = [beta * x + (1 - beta) * y for x, y in zip(t, s)]
    slope = [(1 - beta) * log(y / w) if y > 0 else mpf(0) for y, w in zip(s, m)]
    mean = sum(y * g for y, g in zip(s, slope))
    return beta * kl(t, m) + (1 - beta) * kl(s, m), [y * (g - mean) for y, g in zip(s, slope)]


def logits(kind, k):
    z = {
        "normal": lambda: [random.gauss(0, 2) for _ in range(k)],
        "sure": lambda: [random.gauss(0, 2) + (12 if i == 1 else 0) for i in range(k)],
        "holes": lambda: [-inf if random.random() < 0.3 and i > 1 else random.gauss(0, 3) for i in range(k)],
        "shifted": lambda: [-1234.5 + random.gauss(0, 4) for _ in range(k)],
    }[kind]()
    return [x if x == -inf else f32(x) for x in z]


def number(x):
    """Inputs are printed by repr, which is exact."""
    return mp.nstr(mpf(x), 15)


def distillation(out):
    out.write("# loss,beta,teacher's temperature,student's,squared,hard,label,bins,value,teacher...,student...,gradient...\n")
    losses = [("forward", 0), ("reverse", 0), ("js", 0.5), ("js", 0.125), ("entropy-weighted", 0)]
    for name, beta in losses:
        for squared, hard in ((0, 0), (1, 0), (1, 0.25)):
            for kind in ("normal", "sure", "holes", "shifted", "near"):
                for k, tt, ts in ((2, 1, 1), (7, 2, 2), (21, 4, 0.5)):
                    if kind == "near":
                        if tt != ts:
                            continue
                        z = logits("normal", k)
                        y = [f32(x + 1e-3 * random.gauss(0, 1)) for x in z]
                    else:
                        z, y = logits(kind, k), logits("normal", k)
                    # The forward divergence asks for the support of the teacher, the reverse one of the student.
                    if kind == "holes":
                        y = [a if a == -inf else b for a, b in zip(z, y)]
                    label = random.randrange(k)
                    while y[label] == -inf:
                        label = random.randrange(k)
                    t, s = softmax([mpf(x) / tt for x in z]), softmax([mpf(x) / ts for x in y])
                    value, gradient = loss(name, mpf(beta), t, s)
                    scale = (1 - mpf(hard)) * (mpf(ts) ** 2 if squared else 1)
                    own = softmax([mpf(x) for x in y])
                    value = scale * value - mpf(hard) * log(own[label])
                    gradient = [
                        scale * g / ts + mpf(hard) * (own[i] - (1 if i == label else 0))
                        for i, g in enumerate(gradient)
                    ]
                    row = [name, beta, tt, ts, squared, hard, label, k, number(value)]
                    row += [repr(float(x)) for x in z + y] + [number(g) for g in gradient]
                    out.write(",".join(map(str, row)) + "\n")


def class_prior(out):
    out.write("# rows,classes,temperature,value,prior...,weights...,logits...,mean...,gradient...\n")
    for n, k, temperature, kind in (
        (1, 2, 1, "normal"), (3, 5, 1, "normal"), (8, 4, 2, "sure"), (5, 13, 0.5, "shifted"), (6, 9, 1, "holes"),
        (4, 3, 1, "sure"),
    ):
        prior = [float(1 + random.randrange(9)) for _ in range(k)]
        weights = [random.randrange(5) / 4 for _ in range(n - 1)] + [1.0]
        rows = [logits(kind, k) for _ in range(n)]
        total, mass = sum(mpf(w) for w in weights), sum(mpf(x) for x in prior)
        p = [softmax([mpf(x) / temperature for x in row]) for row in rows]
        m = [sum(mpf(w) * q[c] for w, q in zip(weights, p)) / total for c in range(k)]
        pi = [mpf(x) / mass for x in prior]
        gradient = []
        for w, q in zip(weights, p):
            g = [log(x / y) if x > 0 else mpf(0) for x, y in zip(m, pi)]
            mean = sum(x * y for x, y in zip(q, g))
            gradient += [mpf(w) / total * x * (y - mean) / temperature for x, y in zip(q, g)]
        row = [n, k, temperature, number(kl(m, pi))] + [repr(x) for x in prior + weights]
        row += [repr(float(x)) for z in rows for x in z] + [number(x) for x in m + gradient]
        out.write(",".join(map(str, row)) + "\n")


def main():
    with open("distillation_reference.csv", "w") as out:
        distillation(out)
    with open("class_prior_reference.csv", "w") as out:
        class_prior(out)


main()
