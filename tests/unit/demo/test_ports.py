import subprocess
import sys

import pytest

from core.embedded import ports


def test_two_programs_are_never_given_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = ports.pick()
    monkeypatch.setattr(ports, "FIRST_PORT", mine)
    monkeypatch.setattr(ports, "LAST_PORT", mine + 1)
    asked = f"""
from core.embedded import ports
ports.FIRST_PORT, ports.LAST_PORT = {mine}, {mine + 1}
try:
    print(ports.pick())
except OSError:
    print("none")
"""
    other = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == "none"
    with pytest.raises(OSError, match="no free port"):
        ports.pick()


def test_a_claim_ends_with_its_program() -> None:
    asked = "from core.embedded import ports; print(ports.pick())"
    port = int(subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout)
    assert ports.claim(port)
