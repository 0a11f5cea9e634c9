"""ExactOBS (OBC, arXiv:2208.11580) in plain numpy, float64: the peer of the benchmark `obs`.

python3 exact-obs.py FOLDER SPARSITY SHAPE…: x0, w0, x1, w1, … in the folder are the float32 inputs [rows, n] and the weights [n, m]
of the layers. Prints JSON: the seconds from the inputs to the new weights, and the weights.
"""

import json
import sys
import time

import numpy as np


def trace(inverse, row):
    """The order in which the weights of a row go, by how much the loss has grown at each, and the last inverse columns."""
    h, w = inverse.copy(), row.astype(np.float64).copy()
    n = len(w)
    gone = np.zeros(n, bool)
    order, losses, total = np.empty(n, int), np.empty(n), 0.0
    for step in range(n):
        diagonal = np.where(gone, np.inf, np.diag(h))
        cost = np.where(gone, np.inf, w * w / diagonal)
        p = int(np.argmin(cost))
        total = max(total, cost[p] / 2)
        order[step], losses[step] = p, total
        column = h[:, p].copy()
        w -= w[p] / column[p] * column
        h -= np.outer(column, column) / column[p]
        gone[p] = True
        w[gone] = 0
    return order, losses


def main():
    folder, sparsity, shapes = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    layers = []
    for i, shape in enumerate(shapes):
        n, m = map(int, shape.split('x'))
        x = np.fromfile(f'{folder}/x{i}', np.float32).reshape(-1, n)
        layers.append((x, np.fromfile(f'{folder}/w{i}', np.float32).reshape(n, m)))
    start = time.perf_counter()
    hessians, costs = [], []
    for x, w in layers:
        h = x.T.astype(np.float64) @ x / len(x)
        dead = np.diag(h) == 0
        h += 0.01 * np.diag(h).mean() * np.eye(len(h))
        h[dead, dead] = 1
        inverse = np.linalg.inv(h)
        cost = np.empty(w.shape)
        for o in range(w.shape[1]):
            order, losses = trace(inverse, w[:, o])
            cost[order, o] = losses
        hessians.append(h)
        costs.append(cost)
    flat = np.concatenate([cost.ravel() for cost in costs])
    keep = np.ones(len(flat), bool)
    keep[np.argsort(flat, kind='stable')[: round(sparsity * len(flat))]] = False
    result, at = [], 0
    for (_, w), h in zip(layers, hessians):
        kept = keep[at : at + w.size].reshape(w.shape)
        at += w.size
        fitted = np.zeros(w.shape)
        for o in range(w.shape[1]):
            s = np.flatnonzero(kept[:, o])
            if len(s):
                fitted[s, o] = np.linalg.solve(h[np.ix_(s, s)], h[s] @ w[:, o])
        result.append(fitted.ravel().tolist())
    seconds = time.perf_counter() - start
    print(json.dumps({'seconds': seconds, 'numpy': np.__version__, 'weights': result}))


main()
