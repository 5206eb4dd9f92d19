"""Tasks by name."""

import json
import pathlib

from motorium import _core


def names():
    """Names of all tasks, sorted."""
    return _core.task_names()


def summary(name):
    """One line about a task."""
    return _core.task_summary(name)


def table(name):
    """A task's table of terms, as the file robots/tasks/NAME.json holds it."""
    _core.task_summary(name)  # raises Error for an unknown name
    path = pathlib.Path(_core.robots_folder()) / "tasks" / f"{name}.json"
    return json.loads(path.read_text())


def agent(name, overrides=None):
    """A task's own settings of the learner, as texts."""
    return _core.task_agent(name, overrides)
