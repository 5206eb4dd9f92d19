"""Iterative LQR: Newton-like optimisation of a control sequence, with motorium's derivatives.

    minimise  sum_t l(x_t, u_t) + l_T(x_T),   x = (qpos, qvel)

One world per time step gives all matrices of a trajectory at once; one world per step length tries
all of them at once.
"""

from typing import Callable, NamedTuple

import numpy as np

import motorium as mo

STEP_LENGTHS = 0.5 ** np.arange(10)


class Cost(NamedTuple):
    """Quadratic costs 1/2 (w r^2) of residuals r(x) and of controls."""

    residual: Callable  # (..., nx) -> (..., nr)
    jacobian: Callable  # (nx,) -> (nr, nx)
    running: np.ndarray  # weights of the residual at every step (nr,)
    final: np.ndarray  # and at the end (nr,)
    control: float  # weight of u^2

    def total(self, x, u):
        r = self.residual(x)
        along = (self.running * r[..., :-1, :] ** 2).sum((-1, -2))
        end = (self.final * r[..., -1, :] ** 2).sum(-1)
        return 0.5 * (along + end + self.control * (u**2).sum((-1, -2)))


class Solution(NamedTuple):
    x: np.ndarray  # states (T + 1, nx)
    u: np.ndarray  # controls (T, nu)
    costs: list  # after each iteration


def states_of(batch):
    return np.concatenate([batch.qpos, batch.qvel], axis=1)


def roll(batch, x0, policy, steps):
    """States and controls of all worlds: u_t = policy(t, states)."""
    nq = batch.model.nq
    batch.reset()
    batch.qpos[:], batch.qvel[:] = x0[:nq], x0[nq:]
    x, u = [states_of(batch)], []
    for t in range(steps):
        u.append(policy(t, x[-1]))
        batch.ctrl[:] = u[-1]
        batch.step()
        x.append(states_of(batch))
    return np.stack(x, axis=1), np.stack(u, axis=1)


def backward(cost, x, u, A, B, damping):
    """Feedforward k_t and feedback K_t; None where the problem is not convex enough."""
    steps, nu = u.shape
    k, K = np.zeros((steps, nu)), np.zeros((steps, nu, x.shape[1]))
    J, r = cost.jacobian(x[-1]), cost.residual(x[-1])
    V, v = J.T @ (cost.final[:, None] * J), J.T @ (cost.final * r)
    for t in reversed(range(steps)):
        J, r = cost.jacobian(x[t]), cost.residual(x[t])
        Qx = J.T @ (cost.running * r) + A[t].T @ v
        Qu = cost.control * u[t] + B[t].T @ v
        Qxx = J.T @ (cost.running[:, None] * J) + A[t].T @ V @ A[t]
        Qux = B[t].T @ V @ A[t]
        Quu = cost.control * np.eye(nu) + B[t].T @ V @ B[t]
        inverse = np.linalg.inv(Quu + damping * np.eye(nu))
        k[t], K[t] = -inverse @ Qu, -inverse @ Qux
        v = Qx + K[t].T @ Quu @ k[t] + K[t].T @ Qu + Qux.T @ k[t]
        V = Qxx + K[t].T @ Quu @ K[t] + K[t].T @ Qux + Qux.T @ K[t]
        V = 0.5 * (V + V.T)
    return k, K


def solve(model: mo.Model, x0, u, cost: Cost, iterations=100, tolerance=1e-5) -> Solution:
    """Improves the controls u (T, nu) until the cost falls by less than `tolerance` of itself."""
    steps, nq = len(u), model.nq
    linear = mo.Batch(model, worlds=steps, precision="double")
    trial = mo.Batch(model, worlds=len(STEP_LENGTHS), precision="double")
    low, high = model.actuator_ctrlrange.T if model.nu else (0, 0)

    xs, us = roll(
        trial, x0, lambda t, _: np.broadcast_to(u[t], (len(STEP_LENGTHS), model.nu)), steps
    )
    x, u, costs, damping = xs[0], us[0], [float(cost.total(xs[0], us[0]))], 1e-6
    for _ in range(iterations):
        linear.qpos[:], linear.qvel[:], linear.ctrl[:] = x[:-1, :nq], x[:-1, nq:], u
        A, B, _, _ = mo.transition_fd(linear)
        while True:
            k, K = backward(cost, x, u, A, B, damping)

            def policy(t, states, x=x, u=u, k=k, K=K):
                change = STEP_LENGTHS[:, None] * k[t] + (states - x[t]) @ K[t].T
                return np.clip(u[t] + change, low, high)

            xs, us = roll(trial, x0, policy, steps)
            totals = cost.total(xs, us)
            best = int(np.nanargmin(totals))
            if totals[best] < costs[-1] or damping > 1e6:
                break
            damping *= 10
        if not totals[best] < costs[-1]:
            break
        damping = max(1e-6, damping / 5)
        x, u = xs[best], us[best]
        costs.append(float(totals[best]))
        if costs[-2] - costs[-1] < tolerance * costs[-2]:
            break
    return Solution(x, u, costs)
