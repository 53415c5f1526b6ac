"""A process that takes one record along and says what that took: `python -m bench._taker PATIENT FORM`."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from typing import IO

import psutil

from core.interchange import record_csv
from core.interchange.fhir import patient_summary
from core.queries.letterhead import letterhead
from core.stores import replica_reads
from core.web.filters import Formats
from core.web.paper import in_words, record_sheet

FORMATS = Formats("Asia/Singapore")


def main(patient_id: int, form: str) -> None:
    """Prints seconds, the file's bytes, and by how much the process grew at most while it was made."""
    with tempfile.TemporaryFile() as file:
        began, memory = time.perf_counter(), _Memory()
        with memory:
            _write(patient_id, form, file)
        seconds, size = time.perf_counter() - began, file.tell()
    print(json.dumps({"seconds": seconds, "bytes": size, "grown_mb": memory.grown_mb}))


def _write(patient_id: int, form: str, file: IO[bytes]) -> None:
    with replica_reads.read() as session:
        if form == "fhir":
            patient_summary.write(session, patient_id, file, reports=())
        elif form == "csv":
            record_csv.write(session, patient_id, file, reports=())
        else:
            holder = letterhead(session, patient_id, with_archived=True)
            if holder is None:
                raise LookupError(patient_id)
            head = in_words.letterhead(holder, FORMATS, "today")
            record_sheet.save(record_sheet.record(session, patient_id, head, FORMATS, reports=()), file)


class _Memory:
    """How much the process grew at most in a `with` block, looked at many times a second."""

    def __init__(self) -> None:
        self._done, self._seen = threading.Event(), [_resident_mb()]
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_fault: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def grown_mb(self) -> float:
        return max(self._seen) - self._seen[0]

    def _look(self) -> None:
        while not self._done.wait(0.02):
            self._seen.append(_resident_mb())


def _resident_mb() -> float:
    return psutil.Process().memory_info().rss / 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
