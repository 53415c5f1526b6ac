"""A page that waits too long warns, hides what it shows, and goes on with what was typed once its owner is back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from redis import Redis
from sqlalchemy import create_engine, text

from tests.functional.conftest import RunningDemo

IDLE_SECONDS = 30 * 60
NAME = "Ong Siew Ling"


@pytest.fixture
def leave_unused(demo: RunningDemo) -> Callable[[str, int], None]:
    """Call it with a user name and seconds: that person's sign-ins were last used so long ago."""

    def leave(username: str, seconds: int) -> None:
        engine = create_engine(demo.env["STRATA_PRIMARY_URL"])
        with engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE sign_in SET seen_at = now() - make_interval(secs => :seconds)"
                    " FROM account WHERE account.id = account_id AND username = :username"
                ),
                {"seconds": seconds, "username": username},
            )
        engine.dispose()
        with Redis.from_url(demo.env["STRATA_REDIS_URL"]) as redis:
            for key in redis.scan_iter("sign_in:staff:*"):
                redis.delete(key)

    return leave


def sign_in_again(page: Page, demo: RunningDemo, username: str) -> None:
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again").click()
    other = opened.value
    other.get_by_label("User name").or_(other.get_by_label("Username")).fill(username)
    other.get_by_label("Password").fill(demo.passwords[username])
    with other.expect_event("close"):
        other.get_by_role("main").get_by_role("button", name="Sign in").click()


def test_warned_signed_out_and_back_with_what_was_typed(
    demo: RunningDemo, sign_in: Callable[..., Page], leave_unused: Callable[[str, int], None]
) -> None:
    page = sign_in("clinician")
    page.clock.install()
    page.goto(f"{demo.staff_url}/patients/new")
    page.get_by_label("Full name").fill(NAME)
    dialog = page.get_by_role("dialog")

    leave_unused("clinician", IDLE_SECONDS - 110)
    page.clock.fast_forward((IDLE_SECONDS - 115) * 1000)
    expect(dialog).to_contain_text("You will soon be signed out")
    expect(dialog).to_contain_text("1 minute")
    assert Axe().run(page).response["violations"] == []
    dialog.get_by_role("button", name="Stay signed in").click()
    expect(dialog).to_be_hidden()

    leave_unused("clinician", IDLE_SECONDS + 10)
    page.clock.fast_forward((IDLE_SECONDS - 100) * 1000)
    expect(dialog).to_contain_text("You have been signed out")
    expect(page).not_to_have_title(re.compile("Register"))
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    sign_in_again(page, demo, "clinician")
    expect(dialog).to_be_hidden()
    assert page.get_by_label("Full name").input_value() == NAME
    expect(page).to_have_title(re.compile("Register"))

    page.get_by_label("Sex").select_option("female")
    page.get_by_label("Birth date").fill("1961-03-14")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("status")).to_contain_text(f"{NAME} is registered.")


def test_nobody_sends_what_another_has_typed(
    demo: RunningDemo, sign_in: Callable[..., Page], leave_unused: Callable[[str, int], None]
) -> None:
    page = sign_in("clinician")
    page.clock.install()
    page.goto(f"{demo.staff_url}/patients/new")
    page.get_by_label("Full name").fill(NAME)
    leave_unused("clinician", IDLE_SECONDS + 10)
    page.clock.fast_forward(IDLE_SECONDS * 1000)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("You have been signed out")
    sign_in_again(page, demo, "admin")
    expect(dialog).to_contain_text("Somebody else is signed in")
    expect(dialog.get_by_role("button")).to_have_count(0)


def fill_in_registration(page: Page, demo: RunningDemo, *, born: str) -> None:
    page.goto(f"{demo.staff_url}/patients/new")
    page.get_by_label("Full name").fill(NAME)
    page.get_by_label("Sex").select_option("female")
    page.get_by_label("Birth date").fill(born)


def register_after_signing_in_again(page: Page, demo: RunningDemo) -> None:
    """The first try meets the end of the sign-in; what was typed is still there for the second."""
    page.get_by_role("button", name="Register").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("You have been signed out")
    sign_in_again(page, demo, "clinician")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("status")).to_contain_text(f"{NAME} is registered.")


def test_a_form_is_not_lost_when_the_sign_in_ended_elsewhere(
    demo: RunningDemo, sign_in: Callable[..., Page], leave_unused: Callable[[str, int], None]
) -> None:
    page = sign_in("clinician")
    page.clock.install()
    fill_in_registration(page, demo, born="1961-03-15")
    leave_unused("clinician", IDLE_SECONDS + 10)
    page.clock.fast_forward(70 * 1000)
    register_after_signing_in_again(page, demo)


def test_a_form_is_not_lost_when_the_browser_loses_its_cookies(demo: RunningDemo, sign_in: Callable[..., Page]) -> None:
    page = sign_in("clinician")
    fill_in_registration(page, demo, born="1961-03-16")
    page.context.clear_cookies()
    register_after_signing_in_again(page, demo)
