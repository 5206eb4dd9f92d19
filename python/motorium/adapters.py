"""Environments under the interfaces of other libraries, imported at first use."""


def gymnasium(task, num_envs=1, *, autoreset="same_step", group="actor", copy=True, **options):
    """A gymnasium.vector.VectorEnv.

    autoreset: "same_step", "next_step" or "disabled". group: the observations, by name; None: all of
    them as a dict. copy: False returns views that the next step writes anew. Other options are those of
    motorium.make.
    """
    from motorium.gymnasium_adapter import VectorEnv

    return VectorEnv(task, num_envs, autoreset=autoreset, group=group, copy=copy, **options)


def rsl_rl(task, num_envs=512, *, cfg=None, **options):
    """A VecEnv for rsl_rl's runners; needs torch and tensordict. Other options: motorium.make."""
    from motorium.rsl_rl_adapter import VecEnv

    return VecEnv(task, num_envs, cfg=cfg, **options)
