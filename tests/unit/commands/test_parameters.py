"""Files that commands make, and ids that they take."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO

import click
import pytest
from click.testing import CliRunner

from cli import strata
from commands.parameters import NewFile, whole
from core.install import archive_readers
from core.services import resealing

TOO_MUCH = str(2**63)


def _write(out: Path, how: Callable[[IO[str]], object]) -> None:
    with whole(out) as file:
        how(file)


def test_a_file_is_for_its_owner_only_and_appears_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "record.json"
    with whole(out) as file:
        file.write("all of it")
        assert not out.exists()
    assert out.read_text() == "all of it"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [out]


def test_nothing_is_left_of_a_file_that_could_not_be_finished(tmp_path: Path) -> None:
    def half(file: IO[str]) -> None:
        file.write("half of it")
        raise OSError(28, "No space left on device")

    with pytest.raises(click.ClickException, match="No space left"):
        _write(tmp_path / "record.json", half)
    assert list(tmp_path.iterdir()) == []


def test_a_file_made_meanwhile_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "record.json"
    with pytest.raises(click.ClickException, match="made meanwhile"):
        _write(out, lambda _file: out.write_text("theirs"))
    assert out.read_text() == "theirs"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("there.json", "is there already"),
        ("nowhere/new.json", "there is no folder"),
        ("new.txt", "must end in .json"),
        (".json", "must end in .json"),
        ("", "name a file"),
    ],
)
def test_a_name_that_will_not_do_is_refused_before_any_work(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "there.json").write_text("old")
    with pytest.raises(click.BadParameter, match=said):
        NewFile(".json").convert(str(tmp_path / name) if name else "", None, None)
    assert (tmp_path / "there.json").read_text() == "old"


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "fhir", "--patient", TOO_MUCH],
        ["audit", "export", "--patient", TOO_MUCH],
        ["report", "request", "--patient", TOO_MUCH],
        ["report", "show", TOO_MUCH],
    ],
    ids=" ".join,
)
def test_an_id_that_no_row_can_have_is_a_bad_argument(arguments: list[str]) -> None:
    result = CliRunner().invoke(strata, arguments)
    assert result.exit_code == 2, result.output


def test_an_export_into_a_file_that_is_there_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "record.json"
    out.write_text("old")
    result = CliRunner().invoke(strata, ["export", "fhir", "--patient", "1", "--out", str(out)])
    assert (result.exit_code, out.read_text()) == (2, "old")
    assert "is there already" in result.output


def test_progress_writes_no_terminal_codes_into_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    def reseal(on_progress: object) -> int:
        on_progress(300)  # type: ignore[operator]
        return 300

    monkeypatch.setattr(resealing, "reseal", reseal)
    monkeypatch.setattr(archive_readers, "reseal", lambda: 0)
    result = CliRunner().invoke(strata, ["reseal"])
    assert result.output == "300 values are sealed with the newest key\n"
