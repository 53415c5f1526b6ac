"""Fail points do what they are told, once, and refuse what is not listed."""

import pytest

from core.archiving import failpoints
from core.archiving.failpoints import BadFailPoint, Crash


def test_nothing_happens_unless_armed() -> None:
    with failpoints.armed("load.begun=raise"):
        failpoints.hit("stage.begun")


def test_an_armed_point_acts_once() -> None:
    with failpoints.armed("load.begun=raise"):
        with pytest.raises(Crash):
            failpoints.hit("load.begun")
        failpoints.hit("load.begun")


def test_a_crash_is_caught_by_no_handler_of_exceptions() -> None:
    assert not issubclass(Crash, Exception)


def test_an_unlisted_point_is_refused_though_nothing_is_armed() -> None:
    with pytest.raises(BadFailPoint, match="not listed"):
        failpoints.hit("load.somewhere")


@pytest.mark.parametrize("text", ["load.begun", "load.begun=explode", "nowhere=kill", "load.begun=pause:here", ""])
def test_a_setting_that_names_no_point_or_action_is_refused(text: str) -> None:
    with pytest.raises(BadFailPoint, match="STRATA_FAILPOINT"):
        failpoints.parse(text)
