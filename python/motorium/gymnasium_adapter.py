"""gymnasium.vector.VectorEnv over a native environment."""

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector import VectorEnv as Base
from gymnasium.vector.utils import batch_space

from motorium._core import Error
from motorium.env import Env

_MODES = {
    "same_step": AutoresetMode.SAME_STEP,
    "next_step": AutoresetMode.NEXT_STEP,
    "disabled": AutoresetMode.DISABLED,
}


class VectorEnv(Base):
    """A task in `num_envs` worlds; see motorium.adapters.gymnasium."""

    def __init__(
        self,
        task,
        num_envs=1,
        *,
        autoreset="same_step",
        group="actor",
        copy=True,
        clip_actions=None,
        render_mode=None,
        **options,
    ):
        if isinstance(autoreset, AutoresetMode):
            self._mode = autoreset
        elif autoreset in _MODES:
            self._mode = _MODES[autoreset]
        else:
            raise Error(f"autoreset={autoreset!r}: allowed are {', '.join(_MODES)}")
        if render_mode is not None:
            raise Error(f"render_mode={render_mode!r}: these environments draw nothing")
        self.env = Env(task, worlds=num_envs, **options)
        groups = self.env.observations
        if group is not None and group not in groups:
            raise Error(f"no observations {group!r}: the task has {', '.join(groups)}")
        self._group = group
        self._copy = copy
        self.num_envs = num_envs
        self.metadata = {"autoreset_mode": self._mode, "render_modes": []}
        self.render_mode = None
        self.spec = None

        # one world's spaces, then those of all
        boxes = {
            name: gym.spaces.Box(-np.inf, np.inf, (rows.shape[1],), np.float32)
            for name, rows in groups.items()
        }
        self.single_observation_space = boxes[group] if group else gym.spaces.Dict(boxes)
        bound = np.inf if clip_actions is None else float(clip_actions)
        self.single_action_space = gym.spaces.Box(
            -bound, bound, (self.env.action_size,), np.float32
        )
        self._bound = bound
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._over = np.zeros(num_envs, bool)  # ended, and not reset by the user or the next step

    def reset(self, *, seed=None, options=None):
        super().reset(seed=None if seed is None else 0)
        mask = (options or {}).get("reset_mask")
        if mask is None:
            if isinstance(seed, (list, tuple, np.ndarray)):
                seed = int(np.random.SeedSequence(list(seed)).generate_state(1, np.uint64)[0])
            self.env.reset(seed)
            self._over[:] = False
            return self._observations(), {}
        mask = np.asarray(mask)
        if mask.dtype != bool or mask.shape != (self.num_envs,) or not mask.any():
            raise Error(f"reset_mask must be boolean, ({self.num_envs},), with at least one True")
        # worlds that ended have started anew already
        self.env.reset_worlds(mask & ~self._over)
        self._over &= ~mask
        return self._observations(), {}

    def step(self, actions):
        if self._mode == AutoresetMode.DISABLED and self._over.any():
            raise Error(
                f"worlds {np.flatnonzero(self._over).tolist()} have ended: "
                'reset them with options={"reset_mask": ...}'
            )
        actions = np.asarray(actions, np.float32)
        if np.isfinite(self._bound):
            actions = np.clip(actions, -self._bound, self._bound)

        # worlds that ended in the step before show their first observation and stand still
        waiting = self._over.copy()
        if waiting.any():
            self.env.step_worlds(actions, ~waiting)
        else:
            self.env.step(actions)
        terminated = self.env.terminated & ~waiting
        truncated = self.env.truncated & ~waiting
        rewards = np.where(waiting, 0.0, self.env.rewards).astype(np.float64)
        over = terminated | truncated
        infos = {}
        if self._mode == AutoresetMode.SAME_STEP:
            if over.any():
                infos = self._final(over)
            return self._observations(), rewards, terminated, truncated, infos

        # the last observation now, the first of the next episode after the reset
        self._over = over
        return self._observations(over), rewards, terminated, truncated, infos

    def close_extras(self, **kwargs):
        self.env.close()

    def _rows(self, groups):
        return groups[self._group] if self._group else groups

    def _observations(self, final=None):
        """Copies of the present observations; those of worlds in `final` are their last ones."""
        now = self.env.observations
        names = [self._group] if self._group else list(now)
        out = {name: now[name].copy() if self._copy else now[name] for name in names}
        if final is not None and final.any():
            last = self.env.final_observations
            for name in names:
                out[name] = np.where(final[:, None], last[name], out[name])
        return out[self._group] if self._group else out

    def _final(self, over):
        ids = np.flatnonzero(over)
        last = self._rows(self.env.final_observations)
        final = np.full(self.num_envs, None, object)
        for i in ids:
            final[i] = (
                last[i].copy()
                if self._group
                else {name: rows[i].copy() for name, rows in last.items()}
            )
        batch = last[ids] if self._group else {name: rows[ids] for name, rows in last.items()}
        return {
            "final_obs": final,
            "_final_obs": over.copy(),
            "final_info": {},
            "_final_info": over.copy(),
            "final_obs_batch": batch,
            "final_ids": ids,
        }


def register():
    """Registers every task as motorium/<CamelCase>-v0 for gymnasium.make_vec."""
    from motorium import tasks

    for task in tasks.names():
        name = "".join(word.capitalize() for word in task.split("-"))
        if f"motorium/{name}-v0" not in gym.registry:
            gym.register(
                f"motorium/{name}-v0",
                vector_entry_point="motorium.gymnasium_adapter:VectorEnv",
                kwargs={"task": task},
            )
