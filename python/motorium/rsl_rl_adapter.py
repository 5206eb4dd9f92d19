"""rsl_rl's VecEnv over a native environment. torch and tensordict are imported here, not before."""

import copy

import numpy as np

from motorium._core import Error
from motorium.env import Env

try:
    import torch
    from tensordict import TensorDict
except ImportError as error:
    raise Error(
        "motorium.adapters.rsl_rl needs torch and tensordict: pip install rsl-rl-lib"
    ) from error


class VecEnv:
    """A task in `num_envs` worlds, reset in the same step; see motorium.adapters.rsl_rl.

    Tensors share the environment's memory where they can: rewards and flags are copies, because
    runners keep them over steps.
    """

    def __init__(self, task, num_envs=512, *, cfg=None, **options):
        self.env = Env(task, worlds=num_envs, **options)
        self.num_envs = num_envs
        self.num_actions = self.env.action_size
        self.max_episode_length = self.env.max_episode_length
        self.device = "cpu"
        self.cfg = copy.deepcopy(cfg) if cfg is not None else {"task": task, "num_envs": num_envs}
        self._length = torch.from_numpy(self.env.episode_length)
        self._seed = options.get("seed", 1)
        self.env.reset(self._seed)

    @property
    def unwrapped(self):
        return self

    @property
    def episode_length_buf(self):
        """Control steps of the running episodes (N,); assignment writes through."""
        return self._length

    @episode_length_buf.setter
    def episode_length_buf(self, values):
        self._length[:] = torch.as_tensor(values).to(self._length.dtype)

    def get_observations(self):
        """The present observations, as a TensorDict of groups; changes nothing."""
        groups = {
            name: torch.from_numpy(np.array(rows)) for name, rows in self.env.observations.items()
        }
        return TensorDict(groups, batch_size=[self.num_envs])

    def reset(self):
        self.env.reset()
        return self.get_observations(), {}

    def step(self, actions):
        self.env.step(actions.detach().cpu().numpy())
        rewards = torch.from_numpy(np.array(self.env.rewards))
        truncated = np.array(self.env.truncated)
        dones = torch.from_numpy((self.env.terminated | truncated).astype(np.int64))
        extras = {"log": self.env.take_log()}
        if self.max_episode_length:
            extras["time_outs"] = torch.from_numpy(truncated)
        return self.get_observations(), rewards, dones, extras

    def close(self):
        self.env.close()
