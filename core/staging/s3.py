"""Staging in S3, or any store that speaks its protocol, through boto3: the extra `strata[s3]`.

Credentials, region and another endpoint come from boto3's own places (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, a role).
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import IO, Any

from core.staging.contract import ObjectStore, StagedMissing, StagingError, safe_parts

IN_MEMORY_BYTES = 8 << 20
DELETED_AT_ONCE = 1_000
MISSING = ("NoSuchKey", "404", "NotFound")


class S3(ObjectStore):
    """Objects of one bucket, below a prefix."""

    def __init__(self, bucket: str, prefix: str) -> None:
        if not bucket:
            raise StagingError("STRATA_STAGING_URL names no bucket: use s3://BUCKET/PREFIX")
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        self._client = client_of(os.getpid())

    @contextmanager
    def create(self, key: str) -> Iterator[IO[bytes]]:
        with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
            yield file
            file.seek(0)
            with _told(f"staged object {key} can't be written to bucket {self._bucket}"):
                self._client.upload_fileobj(file, self._bucket, self._name(key))

    def open(self, key: str) -> IO[bytes]:
        with _told(f"staged object {key} can't be read from bucket {self._bucket}", key):
            return _Body(self._client.get_object(Bucket=self._bucket, Key=self._name(key))["Body"], key)  # type: ignore[return-value]

    def list(self, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2")
        with _told(f"bucket {self._bucket} can't be listed"):
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._folder(prefix)):
                for found in page.get("Contents", ()):
                    yield found["Key"].removeprefix(self._prefix)

    def delete(self, key: str) -> None:
        names = [{"Key": self._name(each)} for each in (self.list(key) if key.endswith("/") else [key])]
        for start in range(0, len(names), DELETED_AT_ONCE):
            part = names[start : start + DELETED_AT_ONCE]
            with _told(f"{key} can't be removed from staging"):
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": part, "Quiet": True})
            if answer.get("Errors"):
                raise StagingError(f"{key} can't be removed from staging: {answer['Errors'][0].get('Code')}")

    def _name(self, key: str) -> str:
        return self._prefix + "/".join(safe_parts(key))

    def _folder(self, prefix: str) -> str:
        return self._name(prefix) + "/"


class _Body:
    """An object's bytes, read as they arrive."""

    def __init__(self, body: Any, key: str) -> None:
        self._body, self._key = body, key

    def read(self, size: int = -1) -> bytes:
        with _told(f"staged object {self._key} can't be read to its end"):
            data: bytes = self._body.read(size if size >= 0 else None)
            return data

    def close(self) -> None:
        self._body.close()

    def __enter__(self) -> _Body:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _told(what: str, key: str | None = None) -> Iterator[None]:
    """Raise S3's faults as StagingError. S3's own messages may hold credentials or addresses, so they are left out."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        yield
    except ClientError as fault:
        code = fault.response.get("Error", {}).get("Code", "unknown")
        if key is not None and code in MISSING:
            raise StagedMissing(f"staged object {key} is missing: the batch is staged again") from fault
        raise StagingError(f"{what}: {code}") from fault
    except (BotoCoreError, HTTPClientError, Boto3Error) as fault:
        raise StagingError(f"{what}: {type(fault).__name__}") from fault
    except OSError as fault:
        space = "; free space there" if fault.errno == errno.ENOSPC else ""
        raise StagingError(f"{what}: {fault.strerror}{space}") from fault


@cache
def client_of(_pid: int) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise StagingError("s3:// staging needs boto3: pip install 'strata[s3]'") from None
    limits = Config(connect_timeout=3, read_timeout=30, retries={"max_attempts": 2, "mode": "standard"})
    return boto3.client("s3", config=limits)
