"""Forwards a port of an address to that port of loopback: `python -m bench._way ADDRESS PORT`, until it is ended."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

CHUNK_BYTES = 1 << 16


async def main(address: str, port: int) -> None:
    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back, there = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, there), _pump(back, writer))

    server = await asyncio.start_server(forward, address, port)
    await server.serve_forever()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(CHUNK_BYTES):
            target.write(data)
            await target.drain()
    target.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
