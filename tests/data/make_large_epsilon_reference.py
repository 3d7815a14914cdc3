"""Values of tests/data/large_epsilon_reference.csv: Sinkhorn in 60 digits (mpmath 1.3), iterated until it stays.

A problem of three by four bins, its costs times `cost`; f + g is that of the first bin of either side. Columns: epsilon,
cost, transport cost, regularised cost <P,C> + epsilon KL(P | a x b), entropy cost <P,C> - epsilon H(P), f + g.
"""

from mpmath import exp, log, mp, mpf, nstr

mp.dps = 60

A = [mpf(1) / 4, mpf(1) / 2, mpf(1) / 4]
B = [mpf(1) / 8, mpf(1) / 8, mpf(1) / 4, mpf(1) / 2]
C = [[0, 1, 2, 5], [3, 0, 1, 1], [4, 2, 0, 3]]


def solve(epsilon, unit):
    cost = [[mpf(c) * unit / 8 for c in row] for row in C]
    f, g = [mpf(0)] * 3, [mpf(0)] * 4
    for _ in range(100_000):
        before = f[0] + g[0]
        f = [-epsilon * log(sum(b * exp((gj - c) / epsilon) for b, gj, c in zip(B, g, row))) for row in cost]
        g = [-epsilon * log(sum(A[i] * exp((f[i] - cost[i][j]) / epsilon) for i in range(3))) for j in range(4)]
        if abs(f[0] + g[0] - before) <= mpf(10) ** -40 * unit:
            break
    plan = [[A[i] * B[j] * exp((f[i] + g[j] - cost[i][j]) / epsilon) for j in range(4)] for i in range(3)]
    cells = [(plan[i][j], cost[i][j], A[i] * B[j]) for i in range(3) for j in range(4)]
    transport = sum(p * c for p, c, _ in cells)
    divergence = sum(p * log(p / ab) - p + ab for p, _, ab in cells)
    entropy = -sum(p * log(p) for p, _, _ in cells)
    return transport, transport + epsilon * divergence, transport - epsilon * entropy, f[0] + g[0]


print("epsilon,cost,transport,regularized,entropy,potentials")
for epsilon, unit in [
    ("0.05", "1"), ("0.5", "1"), ("4", "1"), ("100", "1"), ("200", "1"), ("300", "1"), ("1e4", "1"), ("1e6", "1"),
    ("1e10", "1"), ("1e14", "1"), ("1e20", "1"), ("1", "1e-10"), ("1", "1e-31"), ("1", "1e-45"), ("1e-19", "1e-20"),
    ("1e-20", "1e-300"), ("1e20", "1e18"), ("1e20", "1e10"),
]:
    mp.dps = 60 if mpf(epsilon) / mpf(unit) < 1e15 else 400
    values = solve(mpf(epsilon), mpf(unit))
    print(",".join([epsilon, unit] + [nstr(value, 20) for value in values]))
