"""Hostile text in every column, every page opened by who may: it is read as text, and nothing of it acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.factories import PASSWORD
from tests.functional.conftest import RunningDemo, enter
from tests.functional.hostile_columns import ASIDE, COLUMNS, HALTED, KINDS, NOT_SHOWN, NOT_SHOWN_AS, OURS
from tests.functional.hostile_rows import Planted, planted

LISTEN = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(`${event.violatedDirective} ${event.sample}`));
"""
# What no page of ours has, and only a payload that became markup could make.
FOREIGN = """() => [...document.querySelectorAll("*")].flatMap((node) => [...node.attributes].filter((found) =>
  /^on|^hx-on/.test(found.name)
  || /^(href|src|action|formaction)$/.test(found.name) && /^\\s*javascript:/i.test(found.value)
  || /^(src|href|hx-get)$/.test(found.name) && found.value.startsWith("/bad")
).map((found) => `${node.tagName} ${found.name}=${found.value}`)).concat(
  [...document.scripts].filter((script) => !script.src).map((script) => script.outerHTML),
  violations, window.bad === undefined ? [] : [`ran: ${window.bad}`])"""
TEXT = """() => [document.title, document.body.textContent, ...[...document.querySelectorAll("*")].flatMap(
  (node) => [node.value, node.title, node.ariaLabel])].join(" ")"""


class Watched:
    """A page whose every fault is kept; `seen` is all text of the pages opened so far."""

    def __init__(self, page: Page) -> None:
        self.page, self.faults, self.seen = page, [], ""
        page.add_init_script(LISTEN)
        page.on("console", self._hear)
        page.on("pageerror", lambda fault: self._add(str(fault)))
        page.on("dialog", lambda dialog: (self._add(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on(
            "request",
            lambda asked: self._add(f"asked for {asked.url}") if urlsplit(asked.url).path.startswith("/bad") else None,
        )

    def _hear(self, said: ConsoleMessage) -> None:
        # That a page was refused is for `open` to judge.
        if said.type in ("error", "warning") and "the server responded with a status of 4" not in said.text:
            self._add(said.text)

    def _add(self, fault: str) -> None:
        self.faults.append(f"{self.page.url}: {fault}")

    def as_another(self, demo: RunningDemo, username: str) -> None:
        """The next person at this browser, which keeps what it has fetched of files."""
        self.page.context.clear_cookies()
        enter(self.page, demo, username)
        self.seen = ""

    def open(self, address: str, at_worst: int = 200) -> None:
        response = self.page.goto(address)
        if response is None or response.status > at_worst:
            self._add(f"{address}: {response and response.status}")
        self.look()

    def look(self) -> None:
        for fault in self.page.evaluate(FOREIGN):
            self._add(fault)
        self.seen += self.page.evaluate(TEXT).casefold()

    def shows(self, planted: Planted) -> set[str]:
        """The columns whose text was to be read, as it was planted, on some page."""
        return {name for name, text in planted.texts.items() if text.casefold() in self.seen}


@pytest.fixture(scope="module")
def hostile(demo: RunningDemo) -> Iterator[dict[str, Planted]]:
    with planted(demo.env) as made:
        for one in made.values():
            demo.passwords.update({one.account.username: PASSWORD, one.clinician.username: PASSWORD})
        yield made


def patient_pages(one: Planted) -> tuple[str, ...]:
    return ("history", f"visits/{one.visit.id}", "results", f"results/{one.assay.id}", "history?kind=reports",
            f"reports/{one.signed.id}", "record", "privacy", "account", "account/passkeys")  # fmt: skip


def clinician_pages(one: Planted) -> tuple[str, ...]:
    chart, reports = f"patients/{one.patient.id}", [one.ready.id, one.signed.id, one.failed.id]
    return (
        chart, f"{chart}/history", f"{chart}/visits/{one.visit.id}", f"{chart}/results/{one.assay.id}",
        f"{chart}/visits/new", f"{chart}/rows/visit/{one.visit.id}/correct",
        "patients?q=14+Mar+1961", "reports", "reports?list=signed", "reports?list=failed",
        *(f"reports/{number}/review" for number in reports), *(f"reports/{number}/making" for number in reports),
        f"reports/{one.ready.id}/review?claim={one.claim.id}", f"reports/{one.ready.id}/review?claim={one.decided.id}",
        f"reports/{one.failed.id}", "account", "account/passkeys",
    )  # fmt: skip


def admin_pages(one: Planted) -> tuple[str, ...]:
    runs = [(run.id, batch.id) for run, batch in zip(one.runs, one.batches, strict=True)]
    return (
        *(f"archive/runs/{run}" for run, _ in runs), *(f"archive/runs/{run}/batches/{batch}" for run, batch in runs),
    )  # fmt: skip


def auditor_pages(one: Planted) -> tuple[str, ...]:
    return (f"audit?patient={one.patient.id}",)


# What shows the rows of all kinds at once.
LISTS = {
    "admin": (
        "archive",
        "archive/runs",
        "archive/retention",
        "operations",
        "accounts?q=patient",
        "accounts?q=clinician",
    ),
    "auditor": ("audit/outliers", "operations"),
}


def test_every_column_for_text_is_planted_or_said_why_not(hostile: dict[str, Planted]) -> None:
    filled = {name for one in hostile.values() for name in one.texts} | HALTED.keys()
    assert set(COLUMNS) - filled - OURS - ASIDE == set()


@pytest.fixture(scope="module")
def new_page(browser: Browser) -> Iterator[Callable[[], Watched]]:
    """Makes pages of browsers that nobody has signed in to."""
    contexts = []

    def make() -> Watched:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}))
        return Watched(contexts[-1].new_page())

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def overseers(demo: RunningDemo, new_page: Callable[[], Watched], hostile: dict[str, Planted]) -> dict[str, Watched]:
    """An admin's page and an auditor's, each after a look at all lists that it may see."""
    pages = {username: new_page() for username in LISTS}
    for username, watched in pages.items():
        enter(watched.page, demo, username)
        for path in LISTS[username]:
            watched.open(f"{demo.staff_url}/{path}")
    return pages


@pytest.fixture(scope="module")
def readers(new_page: Callable[[], Watched]) -> tuple[Watched, Watched]:
    """A browser for the patients and one for the clinicians, one person after another."""
    return new_page(), new_page()


def test_the_lists_of_admins_and_auditors_show_hostile_text(
    hostile: dict[str, Planted], overseers: dict[str, Watched]
) -> None:
    assert [fault for watched in overseers.values() for fault in watched.faults] == []
    assert all(words.casefold() in overseers["admin"].seen for words in HALTED.values())


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_text_is_read_and_does_nothing(
    demo: RunningDemo,
    readers: tuple[Watched, Watched],
    hostile: dict[str, Planted],
    overseers: dict[str, Watched],
    kind: str,
) -> None:
    one = hostile[kind]
    patient, clinician = readers
    for reader, account in zip(readers, (one.account, one.clinician), strict=True):
        reader.as_another(demo, account.username)
    visits = ((patient, patient_pages), (clinician, clinician_pages), (overseers["admin"], admin_pages),
              (overseers["auditor"], auditor_pages))  # fmt: skip
    for watched, pages in visits:
        watched.faults.clear()
        for path in pages(one):
            watched.open(f"{demo.public_url if watched is patient else demo.staff_url}/{path}")
    assert [fault for watched, _ in visits for fault in watched.faults] == []
    shown = {name for watched, _ in visits for name in watched.shows(one)}
    assert sorted(one.texts.keys() - shown - NOT_SHOWN - NOT_SHOWN_AS.get(kind, set())) == []


BREAKING = ("image", "out of double quotes", "out of a tag", "address")
TYPED = {
    "patient1": ("history?kind={0}&year={0}", "results?older={0}", "privacy?own={0}&after={0}", "{0}"),
    "clinician": ("patients?q={0}&after={0}", "reports?list={0}", "patients/3/history?kind={0}", "sign-in?next=/{0}"),
    "admin": ("accounts?q={0}&role={0}", "archive/restore?patient={0}&type={0}", "archive/retention?lift={0}",
              "operations?days={0}", "operations/runbooks/{0}", "archive/runs?few={0}"),
    "auditor": ("audit?person={0}&patient={0}&action={0}&outcome={0}&after={0}",),
}  # fmt: skip


@pytest.mark.parametrize("username", TYPED)
def test_what_stands_in_an_address_is_text(demo: RunningDemo, sign_in: Callable[..., Page], username: str) -> None:
    page = Watched(sign_in(username))
    url = demo.public_url if username.startswith("patient") else demo.staff_url
    for text in (KINDS[kind] for kind in BREAKING):
        for path in TYPED[username]:
            page.open(f"{url}/{path.format(quote(text, safe=''))}", at_worst=422)
    assert page.faults == []


def test_what_a_form_gives_back_is_text(demo: RunningDemo, sign_in: Callable[..., Page]) -> None:
    page = Watched(sign_in("clinician"))
    for text in (KINDS[kind] for kind in (*BREAKING, "out of a field", "htmx")):
        page.open(f"{demo.staff_url}/patients/new")
        fields = page.page.get_by_role("main").locator("input:not([type=hidden]):not([type=date])")
        for field in fields.all():
            field.fill(text)
        page.page.get_by_role("button", name="Register").click()
        page.page.get_by_role("alert").wait_for()
        page.look()
        assert fields.first.input_value() == text
        page.open(f"{demo.staff_url}/patients")
        page.page.get_by_label("Name, number, NRIC or birth date").fill(text)
        with page.page.expect_response(lambda reply: "q=" in reply.url):
            page.page.get_by_role("main").get_by_role("button", name="Search").click()
        page.page.wait_for_url(lambda url: "q=" in url)
        page.look()
    assert page.faults == []
