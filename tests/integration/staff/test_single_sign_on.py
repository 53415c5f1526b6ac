"""Single sign-on: whoever the identity provider vouches for, in the flow that this browser began, and nobody else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import update

import public_app
import staff_app
from core.access import single_sign_on
from core.models import Account, Role
from core.settings.config import ConfigError, Settings
from core.stores import databases
from tests.factories import make_account, make_patient
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider, running
from tests.integration.web.conftest import events

HOST = "https://staff.localhost"
BACK = "http://staff.localhost/sign-in/single/back"


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    single_sign_on.forget()
    with running() as made:
        yield made


@pytest.fixture
def named(database: Settings, provider: IdentityProvider) -> Settings:
    return database.model_copy(
        update={"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET}
    )


@pytest.fixture
def doctor(database: Settings, provider: IdentityProvider) -> Account:
    with databases.write() as session:
        account = make_account(session, role=Role.CLINICIAN)
    provider.username = account.username.upper()
    return account


Browse = Callable[[], Any]


@pytest.fixture
def browser(named: Settings) -> Browse:
    return staff_app.create_app(named).test_client


def begin(client: Any, query: str = "") -> str:
    reply = client.get(f"/sign-in/single{query}", base_url=HOST.replace("https", "http"))
    assert reply.status_code == 303
    return str(reply.headers["Location"])


def come_back(client: Any, query: str) -> Any:
    return client.get(f"/sign-in/single/back?{query}", base_url=HOST.replace("https", "http"))


def is_in(client: Any) -> bool:
    return bool(client.get("/account", base_url=HOST).status_code == 200)


def test_who_signed_in_there_is_signed_in_here(browser: Browse, provider: IdentityProvider, doctor: Account) -> None:
    client = browser()
    assert "Use single sign-on" in client.get("/sign-in", base_url=HOST).text
    query = provider.sign_in(begin(client, "?next=/reports"))
    assert provider.asked["redirect_uri"] == BACK
    assert (provider.asked["response_type"], provider.asked["code_challenge_method"]) == ("code", "S256")
    assert come_back(client, query).headers["Location"] == "/reports"
    assert is_in(client)
    signed = events("account.signed_in")[-1]
    assert (signed.account_id, signed.purpose) == (doctor.id, "single sign-on")


def test_what_needs_the_password_again_asks_for_it(
    browser: Browse, provider: IdentityProvider, doctor: Account
) -> None:
    client = browser()
    come_back(client, provider.sign_in(begin(client)))
    client.application.config["WTF_CSRF_ENABLED"] = False
    assert client.post("/account/recovery-codes", base_url=HOST).status_code == 403


FORGERIES: dict[str, dict[str, Any]] = {
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "for another product": {"claims": {"aud": "another"}},
    "too old": {"claims": {"exp": int(time.time()) - 3600}},
    "no end": {"claims": {"exp": None}},
    "another browser's": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "no name": {"claims": {"preferred_username": None}},
    "a name of nobody": {"claims": {"preferred_username": "nobody"}},
    "another key": {"key": RSAKey.generate_key(2048, {"kid": "one"})},
    "a shared secret as key": {"key": OctKey.import_key(CLIENT_SECRET.ljust(32)), "algorithm": "HS256"},
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_token_that_proves_nothing_signs_nobody_in(
    browser: Browse, provider: IdentityProvider, doctor: Account, what: str
) -> None:
    for name, value in FORGERIES[what].items():
        setattr(provider, name, value)
    client = browser()
    reply = come_back(client, provider.sign_in(begin(client)))
    assert reply.headers["Location"] == "/sign-in"
    assert not is_in(client)
    assert [event.outcome for event in events("account.single_sign_on_refused")] == ["deny"]


def test_no_answer_is_taken_twice_nor_from_another_browser(
    browser: Browse, provider: IdentityProvider, doctor: Account
) -> None:
    victim, thief = browser(), browser()
    query = provider.sign_in(begin(victim))
    begin(thief)
    assert come_back(thief, query).headers["Location"] == "/sign-in"
    assert not is_in(thief)
    assert come_back(victim, query).headers["Location"] != "/sign-in"
    assert come_back(browser(), query).headers["Location"] == "/sign-in"


@pytest.mark.parametrize("query", ["", "code=x", "state=x", "error=access_denied&state={state}", "code=x&state={state}",
                                   "code=x&state={state}&iss=https://evil.example"])  # fmt: skip
def test_answers_without_a_code_of_the_providers(
    browser: Browse, provider: IdentityProvider, doctor: Account, query: str
) -> None:
    client = browser()
    provider.sign_in(begin(client))
    assert come_back(client, query.format(state=provider.asked["state"])).headers["Location"] == "/sign-in"
    assert not is_in(client)


def test_closed_accounts_and_patients_stay_out(browser: Browse, provider: IdentityProvider, doctor: Account) -> None:
    with databases.write() as session:
        patient = make_patient(session)
        own = make_account(session, role=Role.PATIENT, patient_id=patient.id)
        session.execute(update(Account).where(Account.id == doctor.id).values(active=False))
    for username in (doctor.username, own.username):
        provider.username = username
        client = browser()
        assert come_back(client, provider.sign_in(begin(client))).headers["Location"] == "/sign-in"
        assert not is_in(client)


def test_the_level_that_is_asked_for_must_be_reached(
    named: Settings, provider: IdentityProvider, doctor: Account
) -> None:
    app = staff_app.create_app(named.model_copy(update={"oidc_acr": "urn:two"}))
    for reached, place in ((None, "/sign-in"), ("urn:one", "/sign-in"), ("urn:two", "/")):
        provider.claims = {"acr": reached}
        client = app.test_client()
        query = provider.sign_in(begin(client))
        assert provider.asked["acr_values"] == "urn:two"
        assert come_back(client, query).headers["Location"] == place


def test_a_provider_that_is_down_is_said(browser: Browse, provider: IdentityProvider, doctor: Account) -> None:
    provider.down = True
    client = browser()
    assert begin(client) == "/sign-in"
    assert "does not answer" in client.get("/sign-in", base_url=HOST).text


def test_only_staff_have_it_and_only_where_it_is_named(database: Settings, named: Settings) -> None:
    for app in (public_app.create_app(named), staff_app.create_app(database)):
        assert not [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/sign-in/single")]
    with pytest.raises(ConfigError, match="STRATA_OIDC_CLIENT_ID"):
        staff_app.create_app(named.model_copy(update={"oidc_client_id": ""}))
