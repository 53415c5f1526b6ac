"""A demo started as a newcomer starts it, on imported records, and people who sign in to it with a real browser."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.embedded import ports

ROOT = Path(__file__).parents[2]
START_SECONDS = 480
# Until a page shows what is expected of it. A page that shows it at once costs nothing of this.
PATIENCE_MILLISECONDS = 20_000
# Chromium makes a new frame for each page, unless this is switched off: a third of what a page takes. It heeds the last
# such list alone, so the rest is from Playwright's own.
SWITCHED_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "MediaRouter",
    "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "RenderDocument",
    "ThirdPartyStoragePartitioning",
)  # fmt: skip


@dataclass(frozen=True)
class RunningDemo:
    """A running demo, as demo.json tells of it."""

    data_dir: Path
    public_url: str
    staff_url: str
    passwords: dict[str, str]
    env: dict[str, str]

    def strata(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command beside the demo, which it finds by demo.json."""
        environment = {**os.environ, "STRATA_DATA_DIR": str(self.data_dir)}
        command = [sys.executable, "-m", "cli", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    def json(self, *arguments: str) -> Any:
        """Run the command with --json; what it printed."""
        ended = self.strata(*arguments, "--json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def tell_model_to(self, misbehave: str) -> None:
        """Have the offline model server misbehave; `off` ends it."""
        address = self.env["OPENAI_BASE_URL"].removesuffix("/v1") + "/control"
        body = json.dumps({"misbehave": misbehave}).encode()
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310
            pass


@pytest.fixture(scope="session")
def demo(shared_data: Path) -> Iterator[RunningDemo]:
    """`strata demo --import synthea-59`, from an empty data directory, shared by the functional tests."""
    folder = Path(tempfile.mkdtemp(prefix="strata-demo-"))
    folder.chmod(0o755)
    data_dir = folder / "data"
    command = [
        sys.executable, "-m", "cli", "demo", "--data-dir", str(data_dir),
        "--import", str(shared_data / "synthea-59" / "csv"),
        "--public-port", str(ports.pick()), "--staff-port", str(ports.pick()),
    ]  # fmt: skip
    environment = {**os.environ, "STRATA_UNSAFE_CONTROLS": "1", "PYTHONUNBUFFERED": "1"}
    with (folder / "out").open("w+") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield _wait_for(process, data_dir, folder / "out")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
            shutil.rmtree(folder, ignore_errors=True)


def _wait_for(process: subprocess.Popen[bytes], data_dir: Path, out: Path) -> RunningDemo:
    announced = data_dir / "demo.json"
    for _attempt in range(START_SECONDS * 4):
        if announced.exists():
            told = json.loads(announced.read_text())
            passwords = {entry["username"]: entry["password"] for entry in told["sign_ins"]}
            return RunningDemo(data_dir, told["public_url"], told["staff_url"], passwords, told["env"])
        try:
            process.wait(0.25)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(f"the demo did not start:\n{out.read_text()}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium: the system's, else Playwright's own."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    system = next(filter(None, map(shutil.which, names)), None)
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        arguments = [f"--disable-features={','.join(SWITCHED_OFF)}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        launched = playwright.chromium.launch(executable_path=system, args=arguments)
        yield launched
        launched.close()


def enter(page: Page, demo: RunningDemo, username: str) -> None:
    """Sign in on this page."""
    page.goto((demo.public_url if username.startswith("patient") else demo.staff_url) + "/sign-in")
    page.get_by_label("User name").or_(page.get_by_label("Username")).fill(username)
    page.get_by_label("Password").fill(demo.passwords[username])
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


@pytest.fixture
def sign_in(browser: Browser, demo: RunningDemo) -> Iterator[Callable[..., Page]]:
    """Call it with a user name for a page that this person has signed in to."""
    contexts = []

    def open_page(username: str, **context: Any) -> Page:
        opened = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
        contexts.append(opened)
        page = opened.new_page()
        enter(page, demo, username)
        return page

    yield open_page
    for opened in contexts:
        opened.close()
