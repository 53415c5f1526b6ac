import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.embedded import home


@pytest.fixture(scope="session")
def own_folder() -> Iterator[Path]:
    """A data directory that these tests start, break and stop as they like; shared, since making it takes seconds."""
    folder = Path(tempfile.mkdtemp(prefix="strata-embedded-"))
    folder.chmod(0o755)
    yield folder
    home.remove(folder)
    shutil.rmtree(folder)
