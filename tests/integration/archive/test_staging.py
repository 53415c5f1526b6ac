"""Where batches are staged: in a folder or in S3, sealed or not, and for how long."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import select, update

from core.models import Batch, RunState, Step, utc_now
from core.services import archive
from core.staging import object_store, s3
from core.staging.contract import StagedMissing, StagingError
from core.stores import databases
from core.stores.databases import Store
from tests.integration.archive.conftest import run_to_end, start
from tests.integration.archive.test_restore import copies, everything
from workers.archive import driver
from workers.archive.expire import expire_staged

KEYS = [base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2)]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, with_settings: Callable[..., None]) -> Iterator[Any]:
    """A bucket of a local S3 server, named by STRATA_STAGING_URL."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    s3.client_of.cache_clear()
    client = boto3.client("s3")
    client.create_bucket(Bucket="staged")
    with_settings(staging_url="s3://staged/strata")
    yield client
    object_store().delete("visit/")
    client.delete_bucket(Bucket="staged")
    s3.client_of.cache_clear()
    server.stop()


def names(client: Any) -> list[str]:
    return [found["Key"] for found in client.list_objects_v2(Bucket="staged").get("Contents", ())]


def staged_bytes(settings: Any) -> list[bytes]:
    root = Path(urlsplit(settings.staging_url).path)
    return [path.read_bytes() for path in root.rglob("visit/run-*/**/*") if path.is_file()]


@pytest.fixture
def own_staging(database: Any, reachable_folder: Path, with_settings: Callable[..., None]) -> Path:
    """A staging folder of this test alone."""
    with_settings(staging_url=reachable_folder.as_uri())
    return reachable_folder


@pytest.mark.usefixtures("population")
@pytest.mark.parametrize("key", ["", KEYS[0]])
def test_a_run_through_s3(bucket: Any, with_settings: Callable[..., None], key: str) -> None:
    with_settings(staging_key=key)
    before = everything()
    run = run_to_end(batch_rows=100)
    assert run.state == RunState.DONE
    assert everything() == before
    assert copies() == 12
    staged = names(bucket)
    assert {name.rsplit("/", 1)[1] for name in staged} == {
        "visit.zst", "note.zst", "observation.zst", "prescription.zst", "condition.zst", "manifest.json",
    }  # fmt: skip
    assert all(name.startswith("strata/visit/run-") for name in staged)
    manifest = bucket.get_object(Bucket="staged", Key=next(name for name in staged if "manifest" in name))[
        "Body"
    ].read()
    assert (b'"rows"' in manifest) is (key == "")


@pytest.mark.usefixtures("population")
def test_s3_that_does_not_answer_is_tried_again(bucket: Any) -> None:
    before = everything()
    run_id = start(batch_rows=100)
    driver.advance(run_id)
    bucket.delete_bucket(Bucket="staged")
    assert not driver.advance(run_id)
    with databases.read(Store.HOT) as session:
        failed = session.scalars(select(Step).where(Step.state == "failed")).one()
    assert failed.fault == "staging"
    assert "NoSuchBucket" in (failed.cause or "")
    bucket.create_bucket(Bucket="staged")
    driver.drive(run_id)
    assert everything() == before
    assert copies() == 12


def test_s3_objects_are_whole_or_absent(bucket: Any) -> None:
    store = object_store()

    def fail() -> None:
        with store.create("visit/x/a.zst") as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with pytest.raises(StagedMissing):
        store.open("visit/x/a.zst")
    big = bytes(20 << 20)
    with store.create("visit/x/b.zst") as file:
        file.write(big)
    with store.open("visit/x/b.zst") as file:
        assert file.read() == big
    assert list(store.list("visit/")) == ["visit/x/b.zst"]
    store.delete("visit/x/")
    assert names(bucket) == []


def test_a_url_without_a_bucket_is_refused(database: Any, with_settings: Callable[..., None]) -> None:
    with_settings(staging_url="s3:///prefix")
    with pytest.raises(StagingError, match="names no bucket"):
        object_store()


@pytest.mark.usefixtures("population")
def test_a_wrong_key_stops_the_run_and_says_which(own_staging: Path, with_settings: Callable[..., None]) -> None:
    before = everything()
    with_settings(staging_key=KEYS[0])
    run_id = start(batch_rows=100)
    driver.advance(run_id)
    driver.advance(run_id)
    with_settings(staging_key=KEYS[1])
    assert not driver.advance(run_id)
    with databases.read(Store.HOT) as session:
        failed = session.scalars(select(Step).where(Step.state == "failed")).one()
        batch = session.scalars(select(Batch)).one()
    assert failed.fault == "staging key"
    assert f"needs STRATA_STAGING_KEY {batch.staging_key_id}" in (failed.cause or "")
    with_settings(staging_key=KEYS[0])
    with databases.write() as session:
        archive.redrive(session, run_id=run_id, by=None)
    driver.drive(run_id)
    assert everything() == before
    assert copies() == 12
    assert not any(b"Feels well" in data for data in staged_bytes(databases.current().settings))


@pytest.mark.usefixtures("population")
def test_an_altered_sealed_file_is_staged_again_by_a_redrive(
    own_staging: Path, with_settings: Callable[..., None]
) -> None:
    with_settings(staging_key=KEYS[0])
    run_id = start(batch_rows=100)
    driver.advance(run_id)
    driver.advance(run_id)
    path = next(own_staging.rglob("note.zst"))
    path.write_bytes(path.read_bytes()[:-4] + b"oops")
    assert not driver.advance(run_id)
    with databases.write() as session:
        archive.redrive(session, run_id=run_id, by=None)
    driver.drive(run_id)
    assert copies("note") == 12


@pytest.mark.usefixtures("population")
def test_staged_files_go_when_they_are_old_and_released(own_staging: Path) -> None:
    run_id = start(batch_rows=6)
    for _step in range(6):
        driver.advance(run_id)
    with databases.write() as session:
        session.execute(update(Step).values(finished_at=utc_now() - timedelta(days=31)))
    assert "1 batches" in expire_staged()
    with databases.read(Store.HOT) as session:
        states = {batch.state: batch.expired_at for batch in session.scalars(select(Batch))}
    assert states["released"] is not None
    assert states["staged"] is None
    assert len({path.parent for path in own_staging.rglob("*.zst")}) == 1
    assert "0 batches" in expire_staged()
    driver.drive(run_id)
    assert copies() == 12


@pytest.mark.usefixtures("population")
def test_young_staged_files_stay(own_staging: Path) -> None:
    run_to_end(batch_rows=100)
    assert "0 batches" in expire_staged()
    assert list(own_staging.rglob("*.zst"))
