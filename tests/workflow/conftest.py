"""One small study, run once for all tests that need a finished one."""

import pytest

from .study import make_study


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A study that ran through undisturbed. Not to be changed: work on `finished.copy(...)`."""
    folder = tmp_path_factory.mktemp("workflow")
    study = make_study(folder / "finished", folder / "bytecode")
    study.finish()
    return study


@pytest.fixture
def study(finished, tmp_path):
    """A copy of the finished study, to do with as one likes."""
    return finished.copy(tmp_path / "study")
