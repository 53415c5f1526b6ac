"""The database engines behind one adapter; no other module asks which engine runs."""

from core.engines.base import Adapter, EngineError


def adapter_for(url: str) -> Adapter:
    """The adapter of an address. Raises EngineError for an engine we don't speak."""
    if url.startswith("postgresql+psycopg://"):
        from core.engines.postgresql import PostgreSQL

        return PostgreSQL()
    raise EngineError(f"no adapter for {url.split(':', 1)[0]}: use postgresql+psycopg://")


__all__ = ["Adapter", "EngineError", "adapter_for"]
