"""Prints the constants in src/reference/bessel: exact rationals or 60 digits, rounded once.

    pip install mpmath && python tests/data/make_bessel_constants.py
"""
from fractions import Fraction

from mpmath import bernoulli, mp, mpf, rgamma, taylor

mp.dps = 60
TERMS = 16


def times(a, b):
    product = {}
    for e, c in a.items():
        for f, d in b.items():
            product[e + f] = product.get(e + f, 0) + c * d
    return product


# Debye's u_k(t) as {power: coefficient}, DLMF 10.41.9.
u = [{0: Fraction(1)}]
for _ in range(TERMS):
    following = {}
    for e, c in u[-1].items():
        for power, term in ((e + 1, c * e / 2), (e + 3, -c * e / 2), (e + 1, c / (8 * (e + 1))), (e + 3, -5 * c / (8 * (e + 3)))):
            following[power] = following.get(power, 0) + term
    u.append(following)

# The logarithm of their series: k D_k = k U_k - sum_{j<k} j D_j U_{k-j}.
d = [None]
for k in range(1, TERMS + 1):
    rest = {e: k * c for e, c in u[k].items()}
    for j in range(1, k):
        for e, c in times(d[j], u[k - j]).items():
            rest[e] = rest.get(e, 0) - j * c
    d.append({e: c / k for e, c in rest.items() if c})

print("debye_coefficients.rs, P: D_k(t) = t^k P_k(t^2)")
for k in range(1, TERMS + 1):
    print(f"    &[{', '.join(repr(float(d[k].get(k + 2 * j, 0))) for j in range(k + 1))}],")

print("gamma.rs, 1/Gamma(1+mu): even, odd")
series = taylor(rgamma, 1, 21)
print([float(c) for c in series[::2]])
print([float(c) for c in series[1::2]])

print("gamma.rs, Stirling")
print([float(bernoulli(2 * j) / (2 * j * (2 * j - 1))) for j in range(1, 9)])
