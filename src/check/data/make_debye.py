#!/usr/bin/env python3
"""Prints the coefficients of shaders/bessel/debye_{value,order,argument}.wgsl: python3 make_debye.py value|order|argument

ln sum_k u_k(t)/v^k = sum_k s^k P_k(z) with s = 1/w, z = t^2 = (v/w)^2, from the exact rational u_k of DLMF 10.41.10.
value: P_k. order: 2 (1-z) P_k' - k P_k, argument: k P_k + 2 z P_k', which are what derivatives in v and x leave.
P_1 to P_4 as double-floats in powers of z; from P_5 on f32 in Chebyshev polynomials of y = 2 z - 1, since in powers
of z the coefficients cancel to a hundredth and less.
"""
import sys
from fractions import Fraction as F
import numpy as np
from mpmath import mp, mpf

mp.prec = 300
TERMS = 13
EXACT = 4  # as double-floats


def debye_u(K):
    U = [{0: F(1)}]
    for _ in range(K):
        n = {}
        for e, c in U[-1].items():
            if e:
                n[e + 1] = n.get(e + 1, 0) + c * e / 2
                n[e + 3] = n.get(e + 3, 0) - c * e / 2
            n[e + 1] = n.get(e + 1, 0) + c / (8 * (e + 1))
            n[e + 3] = n.get(e + 3, 0) - 5 * c / (8 * (e + 3))
        U.append(n)
    return U


def log_series(K):
    """k d_k = k u_k - sum_j j d_j u_{k-j}."""
    U, D = debye_u(K), [{}]
    for k in range(1, K + 1):
        r = {e: c * k for e, c in U[k].items()}
        for j in range(1, k):
            for e, c in D[j].items():
                for g, h in U[k - j].items():
                    r[e + g] = r.get(e + g, 0) - j * c * h
        D.append({e: c / k for e, c in r.items() if c})
    return [[D[k].get(k + 2 * j, F(0)) for j in range(k + 1)] for k in range(K + 1)]


def wanted(kind, k, p):
    d = [j * c for j, c in enumerate(p)][1:] + [F(0)]  # P'
    zd = [F(0)] + d[:-1]
    if kind == "value":
        return p
    if kind == "order":
        return [2 * a - 2 * b - k * c for a, b, c in zip(d, zd, p)]
    return [k * c + 2 * b for b, c in zip(zd, p)]


def hexadecimal(x):
    x = float(np.float32(float(x)))
    if x == 0:
        return "0.0"
    m, e = x.hex().split("p")
    return f"{m.rstrip('0').rstrip('.')}p{e}f"


def pair(c):
    x = mpf(c.numerator) / c.denominator
    hi = np.float32(float(x))
    return f"vec2f({hexadecimal(hi)}, {hexadecimal(x - mpf(float(hi)))})"


def chebyshev(p):
    n = len(p)
    angle = [mp.pi * (k + mpf(1) / 2) / n for k in range(n)]
    value = [sum(mpf(c.numerator) / c.denominator * ((mp.cos(a) + 1) / 2) ** j for j, c in enumerate(p)) for a in angle]
    c = [2 * sum(f * mp.cos(j * a) for f, a in zip(value, angle)) / n for j in range(n)]
    return [c[0] / 2] + c[1:]


def main(kind):
    P = log_series(TERMS)
    for k in range(1, EXACT + 1):
        p = [pair(c) for c in wanted(kind, k, P[k])]
        text = p[-1]
        for c in p[-2::-1]:
            text = f"df_mul_add({text}, z, {c})"
        print(f"fn debye_{kind}_{k}(z: vec2f) -> vec2f {{\n  return {text};\n}}\n")
    for k in range(EXACT + 1, TERMS + 1):
        c = [hexadecimal(a) for a in chebyshev(wanted(kind, k, P[k]))]
        print(f"fn debye_{kind}_{k}(y: f32) -> f32 {{")
        b, a = c[-1], "0.0"
        for j in range(len(c) - 2, 0, -1):
            minus = "" if a == "0.0" else f" - {a}" if a[0] != "-" else f" + {a[1:]}"
            print(f"  let b{j} = {c[j]} + (2.0 * y * {b}{minus});")
            b, a = f"b{j}", b
        print(f"  return {c[0]} + (y * {b} - {a});\n}}\n")
    print("// The terms from s^5 on, divided by s^4: all below w = 64, above it the first three.")
    print(f"fn debye_{kind}_tail(s: f32, y: f32, w: f32) -> f32 {{")
    print("  var sum = 0.0;\n  if (w < 64.0) {")
    text = f"s * debye_{kind}_{TERMS}(y)"
    for k in range(TERMS - 1, 7, -1):
        text = f"s * (debye_{kind}_{k}(y) + {text})"
    print(f"    sum = {text};\n  }}")
    text = f"s * (debye_{kind}_7(y) + sum)"
    for k in range(6, EXACT, -1):
        text = f"s * (debye_{kind}_{k}(y) + {text})"
    print(f"  return {text};\n}}")


main(sys.argv[1])
