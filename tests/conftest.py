"""Where the real data lies, and the reason to skip where it does not."""

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data():
    """A function: path below shared/data -> Path, or a skip that names what is absent."""

    def find(relative: str) -> Path:
        path = SHARED_DATA / relative
        if not path.exists():
            pytest.skip(f"real data not here: shared/data/{relative}")
        return path

    return find
