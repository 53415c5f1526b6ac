"""The headline benchmark's hosts: what part of a real machine each server gets, and how that is said to Linux."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.headline import hosts

TENTH = hosts.Host(1_638, 300, 12.5)
BYTES = 1_638 * 2**20


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(hosts, "ROOT", tmp_path)
    return tmp_path


def _make_first_version(groups: Path) -> None:
    for kind in ("memory", "blkio"):
        (groups / kind).mkdir()
        (groups / kind / "cgroup.procs").touch()


def _make_second_version(groups: Path, controllers: str) -> None:
    (groups / "cgroup.subtree_control").write_text(controllers, encoding="utf-8")


def test_a_host_is_the_part_that_the_patients_are_of_a_real_group(groups: Path) -> None:
    _make_first_version(groups)
    assert hosts.part(hosts.PATIENTS // 10) == TENTH
    assert hosts.half(TENTH) == hosts.Host(819, 300, 12.5)


def test_a_host_too_small_for_a_server_is_none(groups: Path) -> None:
    _make_first_version(groups)
    assert hosts.part(1_800) is None


def test_without_control_groups_there_is_no_host(groups: Path) -> None:
    assert hosts.part(hosts.PATIENTS) is None
    _make_second_version(groups, "cpu memory\n")
    assert hosts.part(hosts.PATIENTS) is None


def test_the_first_version_is_told_memory_and_disk_in_groups_of_their_own(groups: Path) -> None:
    _make_first_version(groups)
    assert hosts.memory_limits("one", TENTH, "254:0") == {
        groups / "memory" / "one": [("memory.limit_in_bytes", str(BYTES))],
        groups / "blkio" / "one": [],
    }
    told = hosts.disk_limits("one", TENTH, "254:0")
    assert dict(told[groups / "blkio" / "one"]) == {
        "blkio.throttle.read_iops_device": "254:0 300",
        "blkio.throttle.write_iops_device": "254:0 300",
        "blkio.throttle.read_bps_device": "254:0 13107200",
        "blkio.throttle.write_bps_device": "254:0 13107200",
    }


def test_the_second_version_is_told_both_in_one_group(groups: Path) -> None:
    _make_second_version(groups, "cpu io memory\n")
    assert hosts.part(hosts.PATIENTS // 10) == TENTH
    assert hosts.memory_limits("one", TENTH, "254:0") == {groups / "one": [("memory.max", str(BYTES))]}
    assert hosts.disk_limits("one", TENTH, "254:0") == {
        groups / "one": [("io.max", "254:0 rbps=13107200 wbps=13107200 riops=300 wiops=300")]
    }
