import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands.demo import demo_files
from commands.demo.demo_files import Keys, SignIn
from core.embedded import EmbeddedError


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("STRATA_DATA_DIR", raising=False)
    folder = tmp_path / ".strata"
    folder.mkdir()
    return folder


def announce(data_dir: Path) -> None:
    sign_in = SignIn("clinician", "clinician", "secret")
    demo_files.announce(
        data_dir, public_url="http://p", staff_url="http://s", sign_ins=[sign_in], env={"STRATA_X": "1"}
    )


def test_a_running_demo_is_found_beside_and_by_its_data_directory(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(data_dir)
    assert demo_files.discover(tmp_path) == {"STRATA_X": "1"}
    assert demo_files.discover(tmp_path / "elsewhere") is None
    monkeypatch.setenv("STRATA_DATA_DIR", str(data_dir))
    assert demo_files.discover(tmp_path / "elsewhere") == {"STRATA_X": "1"}


def test_what_other_programs_read_has_the_agreed_shape_and_is_private(data_dir: Path) -> None:
    announce(data_dir)
    path = data_dir / "demo.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == {
        "public_url": "http://p",
        "staff_url": "http://s",
        "sign_ins": [{"role": "clinician", "username": "clinician", "password": "secret", "totp_secret": None}],
        "env": {"STRATA_X": "1"},
        "pid": os.getpid(),
    }


def test_a_stopped_demo_is_not_found(data_dir: Path, tmp_path: Path) -> None:
    announce(data_dir)
    demo_files.withdraw(data_dir)
    assert demo_files.discover(tmp_path) is None
    assert json.loads((data_dir / "demo.json").read_text())["sign_ins"]


def test_a_killed_demo_is_not_found(data_dir: Path, tmp_path: Path) -> None:
    announce(data_dir)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    path = data_dir / "demo.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "pid": gone.pid}))
    assert demo_files.discover(tmp_path) is None


def test_another_process_with_the_same_number_is_not_taken_for_the_demo(data_dir: Path, tmp_path: Path) -> None:
    announce(data_dir)
    os.utime(data_dir / "demo.json", (1_000_000_000, 1_000_000_000))
    assert demo_files.discover(tmp_path) is None


def test_keys_are_kept_and_private(data_dir: Path) -> None:
    keys = Keys(sign_ins=[SignIn("admin", "admin", "secret")], filled=True)
    keys.save(data_dir)
    assert Keys.load(data_dir) == keys
    assert (data_dir / "keys.json").stat().st_mode & 0o777 == 0o600
    assert keys.public_secret != keys.staff_secret


def test_broken_keys_name_the_mend(data_dir: Path) -> None:
    (data_dir / "keys.json").write_text('{"sign_ins": [{"nonsense": 1}]}')
    with pytest.raises(EmbeddedError, match="--fresh"):
        Keys.load(data_dir)
