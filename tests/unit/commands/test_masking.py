"""What the deep check prints says of no installation whose it is."""

from __future__ import annotations

from typing import cast

from sqlalchemy.exc import ProgrammingError

from commands.doctor.deep.masking import Mask
from core.settings.config import Settings


class Addresses:
    primary_url = "postgresql://strata:s3cret-Word@db.clinic.example:5432/toa_payoh"
    replica_url = "postgresql://strata:s3cret-Word@db2.clinic.example:5432/toa_payoh"
    archive_logs_url = archive_visits_url = archive_reports_url = "postgresql://mover:x@db.clinic.example/toa_payoh_old"


MASK = Mask(cast(Settings, Addresses()))


def test_names_go_and_the_rest_stays() -> None:
    said = "strata: mover at db.clinic.example/toa_payoh_old, toa_payoh; s3cret-Word on db2.clinic.example: mend it, x"
    assert MASK(said) == "strata: (hidden) at host 1/(hidden), (hidden); (hidden) on host 2: mend it, (hidden)"


def test_a_part_of_a_word_is_no_name() -> None:
    assert MASK("removers, xylophone") == "removers, xylophone"


def test_servers_that_share_a_host_show_it() -> None:
    assert (MASK.host("db.clinic.example"), MASK.host("db2.clinic.example")) == ("host 1", "host 2")


def test_a_servers_sentence_is_not_repeated() -> None:
    told = MASK.fault(ProgrammingError("SELECT 1", {}, Exception("42501", "Tan Mei Ling may not")))
    assert "Tan" not in told
