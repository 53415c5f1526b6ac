"""A passkey in a real browser, on a device that Chromium makes up: added, used to sign in, removed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.functional.conftest import RunningDemo

DEVICE = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
          "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip


def give_device(page: Page, **options: bool) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {**DEVICE, **options}})


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


@pytest.mark.parametrize("username", ["clinician", "patient1"])
def test_added_used_and_removed(demo: RunningDemo, sign_in: Callable[..., Page], username: str) -> None:
    page = sign_in(username)
    give_device(page)
    page.locator("form.who a").click()
    page.get_by_role("link", name="Your passkeys").click()
    page.get_by_label("Name of the device").fill("My phone")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("status")).to_contain_text("From now on this passkey signs you in")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("This device has a passkey of yours already.")).to_be_visible()

    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("form.who")).to_be_visible()

    page.goto(f"{demo.public_url if username == 'patient1' else demo.staff_url}/account/passkeys")
    page.get_by_role("button", name="Remove My phone").click()
    expect(page.get_by_role("status")).to_contain_text("The passkey is removed")
    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert").filter(has_text="This passkey does not open an account here")).to_be_visible()


def test_a_device_that_gives_none_is_no_end(sign_in: Callable[..., Page]) -> None:
    page = sign_in("clinician")
    give_device(page, isUserVerified=False)
    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("No passkey was used")).to_be_visible(timeout=70_000)
