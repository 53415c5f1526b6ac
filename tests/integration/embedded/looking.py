from pathlib import Path

import psutil

from core.embedded.servers import Servers


def execute(servers: Servers, name: str, query: str) -> list[tuple]:
    with servers.postgres[name].connect() as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def processes_below(folder: Path) -> list[str]:
    found = []
    for process in psutil.process_iter(["name", "cwd"]):
        if process.info["cwd"] and Path(process.info["cwd"]).is_relative_to(folder):
            found.append(process.info["name"])
    return found
