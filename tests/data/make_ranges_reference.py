"""Divergences, their gradients and losses of far rows to 30 digits: ranges_reference.csv, ranges_losses_reference.csv.

Run with mpmath 1.4: python make_ranges_reference.py. By the definitions, derivatives by central differences of step
10^-60 at 400 digits: nothing of the twin's forms is in it. Weights are exact in f64, logits in f32.
"""
import random
import struct
from mpmath import mp, mpf, exp, log, sqrt

mp.dps = 400
random.seed(20)
STEP = mpf(10) ** -60


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def normalised(kind, x):
    if kind == "weights":
        total = sum(x)
        return [w / total for w in x]
    most = max(x)
    e = [exp(a - most) for a in x]
    total = sum(e)
    return [w / total for w in e]


def kl(p, q):
    return sum(a * log(a / b) for a, b in zip(p, q))


def powers(p, q, alpha):
    return sum(a ** alpha * b ** (1 - alpha) for a, b in zip(p, q))


def mixture(p, q, w):
    return [w * a + (1 - w) * b for a, b in zip(p, q)]


MEMBERS = {
    "kl": lambda p, q, x: kl(p, q),
    "reverse-kl": lambda p, q, x: kl(q, p),
    "jeffreys": lambda p, q, x: kl(p, q) + kl(q, p),
    "js": lambda p, q, x: x * kl(p, mixture(p, q, x)) + (1 - x) * kl(q, mixture(p, q, x)),
    "skew-kl": lambda p, q, x: kl(p, mixture(p, q, x)),
    "softened-reverse-kl": lambda p, q, x: sum((a + b) * log((a + b) / (2 * a)) for a, b in zip(p, q)),
    "squared-hellinger": lambda p, q, x: sum((sqrt(a) - sqrt(b)) ** 2 for a, b in zip(p, q)) / 2,
    "bhattacharyya": lambda p, q, x: -log(sum(sqrt(a * b) for a, b in zip(p, q))),
    "total-variation": lambda p, q, x: sum(abs(a - b) for a, b in zip(p, q)) / 2,
    "pearson-chi2": lambda p, q, x: sum((a - b) ** 2 / b for a, b in zip(p, q)),
    "neyman-chi2": lambda p, q, x: sum((a - b) ** 2 / a for a, b in zip(p, q)),
    "triangular": lambda p, q, x: sum((a - b) ** 2 / (a + b) for a, b in zip(p, q)),
    "renyi": lambda p, q, x: log(powers(p, q, x)) / (x - 1),
    "tsallis": lambda p, q, x: (powers(p, q, x) - 1) / (x - 1),
    "amari": lambda p, q, x: 4 / (1 - x * x) * (1 - powers(p, q, (1 - x) / 2)),
    "cauchy-schwarz": lambda p, q, x: -log(sum(a * b for a, b in zip(p, q)) ** 2
                                           / (sum(a * a for a in p) * sum(b * b for b in q))),
    "cross-entropy": lambda p, q, x: -sum(a * log(b) for a, b in zip(p, q)),
}
PARAMETERS = {
    "js": [0.5, 0.1, 1e-6], "skew-kl": [0.5, 1e-5, 0.9], "renyi": [0.01, 0.5, 0.99, 2.0, 20.0],
    "tsallis": [0.001, 0.99, 2.0], "amari": [-3.0, 0.3, 1.5],
}


def gradient(value, kind, x):
    result = []
    for k in range(len(x)):
        # Of the size of the number, so that a tiny weight stays one.
        step = STEP * (abs(x[k]) if kind == "weights" else 1)
        up, down = list(x), list(x)
        up[k] += step
        down[k] -= step
        result.append((value(up) - value(down)) / (2 * step))
    return result


def pairs():
    near = lambda: random.uniform(-0.7, 0.7)
    for gap in [30, 60, 87, 103, 140, 200]:
        base = [near() for _ in range(4)]
        other = [x + near() for x in base]
        low = lambda row, places, by: [x - (by if i in places else 0) for i, x in enumerate(row)]
        for p, q in [
            (base, low(other, [1], gap)),
            (low(base, [1], gap), other),
            (low(base, [1], gap), low(other, [1], 1.7 * gap)),
            (low(base, [1, 2, 3], gap), low(other, [0, 1, 2], gap)),
            (low(base, [1, 2, 3], gap), low(other, [1, 2, 3], 0.5 * gap)),
        ]:
            yield "logits", [f32(x) for x in p], [f32(x) for x in q]
    for small, large in [(1e-20, 1e20), (1e-40, 1.0), (1e-45, 1.0), (1e-75, 1.0), (1e-75, 1e75), (1e-150, 1e150)]:
        yield "weights", [1.0, 2.0, 0.5], [3 * small, large, 0.25 * large]
        yield "weights", [small, 0.7 * large], [large, 0.2 * small]
        yield "weights", [small, large, 5 * large], [3 * small, large, 4 * large]


def text(x):
    return mp.nstr(x, 20)


def divergences():
    with open("ranges_reference.csv", "w") as out:
        out.write("# input,bins,divergence,parameter,value,p...,q...,dp...,dq...\n")
        for kind, p, q in pairs():
            for name, member in MEMBERS.items():
                for parameter in PARAMETERS.get(name, [None]):
                    x = mpf(parameter) if parameter is not None else None
                    of = lambda a, b: member(normalised(kind, a), normalised(kind, b), x)
                    a, b = [mpf(w) for w in p], [mpf(w) for w in q]
                    numbers = [of(a, b)] + a + b
                    numbers += gradient(lambda a: of(a, b), kind, a) + gradient(lambda b: of(a, b), kind, b)
                    start = [kind, str(len(p)), name, "" if parameter is None else repr(parameter), text(numbers[0])]
                    given = [repr(w) for w in p + q]
                    out.write(",".join(start + given + [text(x) for x in numbers[1 + 2 * len(p):]]) + "\n")


def losses():
    """LDR and ALDR at large λ, near uniform and far; smoothed cross-entropy of labels that are far below."""
    with open("ranges_losses_reference.csv", "w") as out:
        out.write("# loss,a,b,c,label,classes,value,logits...\n")
        for size in [1e-6, 1e-3, 1.0, 30.0, 200.0]:
            for classes in [2, 3, 10]:
                z = [f32(random.gauss(0, size)) for _ in range(classes)]
                label = random.randrange(classes)
                y = [mpf(a) - mpf(z[label]) for a in z]
                for smoothing in [0.1, 1.0]:
                    total = log(sum(exp(a) for a in y))
                    s = mpf(smoothing)
                    value = total - (s / classes) * sum(y)
                    words = ["cross-entropy", repr(smoothing), "0", "0", str(label), str(classes), text(value)]
                    out.write(",".join(words + [repr(a) for a in z]) + "\n")
                for margin in [0.0, 1.0]:
                    for lam in [0.1, 1.0, 1e3, 1e6]:
                        shifted = [a + (mpf(margin) if k != label else 0) for k, a in enumerate(y)]
                        mean = lambda lam: lam * log(sum(exp(a / lam) for a in shifted) / classes)
                        words = ["ldr", repr(margin), repr(lam), "0", str(label), str(classes), text(mean(mpf(lam)))]
                        out.write(",".join(words + [repr(a) for a in z]) + "\n")
                        for alpha in [1.001, 3.0]:
                            w = normalised("logits", [a / mpf(lam) for a in shifted])
                            far = log(classes) + sum(x * log(x) for x in w)
                            own = mpf(lam) - mpf(lam) * far / (mpf(alpha) * log(classes))
                            words = ["aldr", repr(margin), repr(lam), repr(alpha), str(label), str(classes), text(mean(own))]
                            out.write(",".join(words + [repr(a) for a in z]) + "\n")


divergences()
losses()
