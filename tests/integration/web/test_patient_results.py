"""Results that a patient sees: over time, the newest, and where an archive is silent."""

from __future__ import annotations

from typing import Any

from core.models import Observation, Visit
from core.picture import rebuild
from core.stores import databases
from tests.factories import make_assay, make_observation
from tests.integration.web.conftest import Browser, move_to_archive
from tests.integration.web.visits_of_a_patient import archived, main_of, visits
from tests.tiers import Tiers

__all__ = ["archived", "visits"]


def test_results_over_time_take_in_the_archive(signed_in: Browser, archived: list[Visit]) -> None:
    latest = signed_in.get("/results").text
    assert "8.9 %" in latest
    assert "Above range" in latest
    assay_id = latest.split("/results/")[1].split('"')[0]
    whole = signed_in.get(f"/results/{assay_id}").text
    assert "4 results: from 5.9 percent on 3 Sep 2024 to 8.9 percent" in whole
    assert whole.count("<tr>") == 5


def test_a_question_stands_among_the_answers_in_plain_words(
    signed_in: Browser, visits: list[Visit], sync_replica: Any
) -> None:
    with databases.write() as session:
        asked = make_assay(session, code="67875-5", name="What is your work?", short_name="What is your work?",
                           plain_name=None, unit=None)  # fmt: skip
        score = make_assay(session, code="44261-6", name="PHQ-9", short_name="PHQ-9", unit="{score}",
                           plain_name="Nine questions about low mood", category="survey")  # fmt: skip
        for assay, number, words in ((asked, None, "Unemployed (finding)"), (score, "11", None)):
            make_observation(session, visits[0], assay, number, value_text=words, ref_low=None, ref_high=None)
    sync_replica()
    page = signed_in.get("/results").text
    answers = page.split('class="facts answers"')[1].split("</dl>")[0]
    assert "What is your work?" in answers
    assert "<dd>Unemployed\n" in answers
    assert "Nine questions about low mood" in answers
    assert "What is your work?" not in page.split('class="group"')[0]


def test_results_over_time_name_the_gap_of_a_silent_archive(
    signed_in: Browser, archived: list[Visit], tiers: Tiers
) -> None:
    assay_id = signed_in.get("/results").text.split("/results/")[1].split('"')[0]
    tiers.of["visits"].stop("immediate")
    reply = signed_in.get(f"/results/{assay_id}")
    assert reply.status_code == 200
    assert "8.9 %" in reply.text
    assert "2 older visits can&#39;t be shown right now" in reply.text


def test_the_newest_results_are_the_same_though_the_archive_is_down(
    signed_in: Browser, visits: list[Visit], tiers: Tiers, sync_replica: Any
) -> None:
    with databases.write() as session:
        session.query(Observation).filter(Observation.visit_id.in_([visits[0].id, visits[1].id])).delete()
    rebuild.rebuild_all()
    sync_replica()
    before = signed_in.get("/results").text
    assert "6.9 %" in before
    move_to_archive()
    sync_replica()
    tiers.of["visits"].stop("immediate")
    after = signed_in.get("/results").text
    assert main_of(after) == main_of(before)
    assert "older" not in main_of(after)
    assay_id = after.split("/results/")[1].split('"')[0]
    alone = signed_in.get(f"/results/{assay_id}")
    assert (alone.status_code, "6.9 %" in alone.text, "5.9 %" in alone.text) == (200, True, True)


def test_a_test_known_to_the_archive_alone_is_never_denied(
    signed_in: Browser, archived: list[Visit], tiers: Tiers, sync_replica: Any
) -> None:
    """Silence of the archive is not absence of results (G5)."""
    with databases.write() as session:
        session.query(Observation).delete()
    sync_replica()
    assay_id = 1
    assert signed_in.get(f"/results/{assay_id}").status_code == 200
    tiers.of["visits"].stop("immediate")
    silent = signed_in.get(f"/results/{assay_id}")
    assert silent.status_code == 503
    assert "Our archive is not answering" in silent.text
    assert "Some older results are not in this list right now" in signed_in.get("/results").text
