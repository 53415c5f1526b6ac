"""Take the README's pictures of a running demo: `make demo` in one terminal, `make screenshots` in another."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "img"
VIEWPORT = {"width": 1280, "height": 860}


def sign_in(browser: Browser, url: str, username: str, passwords: dict[str, str]) -> Page:
    """A page that this person has signed in to."""
    page = browser.new_context(viewport=VIEWPORT, color_scheme="light").new_page()
    page.goto(f"{url}/sign-in")
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(passwords[username])
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda address: "/sign-in" not in address)
    return page


def main() -> None:
    """Write docs/img/results.png and docs/img/review.png."""
    folder = Path(os.environ.get("STRATA_DATA_DIR", ROOT / ".strata"))
    told = json.loads((folder / "demo.json").read_text())
    passwords = {entry["username"]: entry["password"] for entry in told["sign_ins"]}
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        patient = sign_in(browser, told["public_url"], "patient1", passwords)
        name = patient.locator(".who").inner_text().split("Sign out")[0].strip(" ·\n")
        patient.goto(f"{told['public_url']}/results")
        patient.screenshot(path=IMAGES / "results.png")
        review(sign_in(browser, told["staff_url"], "clinician", passwords), told["staff_url"], name)
        browser.close()


def review(page: Page, url: str, patient_name: str) -> None:
    """Ask for a report on the patient and picture its review."""
    page.goto(f"{url}/patients?q={patient_name}")
    page.get_by_role("link", name=patient_name).first.click()
    ask = page.get_by_role("button", name="Request a summary report")
    if ask.count():
        ask.click()
    ready = page.get_by_role("link", name=re.compile("Review the summary"))
    expect(ready).to_be_visible(timeout=60_000)
    ready.click()
    claims = page.locator("ol.claims > li a[data-row]")
    measured = claims.filter(has_text=re.compile("reference range"))
    shown = (measured if measured.count() else claims).first
    shown.click()
    expect(shown).to_have_attribute("aria-current", "true", timeout=60_000)
    shown.evaluate("node => scrollTo(0, node.getBoundingClientRect().top + scrollY - 420)")
    page.screenshot(path=IMAGES / "review.png")


if __name__ == "__main__":
    main()
