"""PostgreSQL and Valkey from wheels, for development, demos and tests.

May import nothing else of core; nothing in core imports it.
"""


class EmbeddedError(Exception):
    """An embedded server can't run here. `mend` says in one line what to do about it."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(f"{message} Mend: {mend}")
        self.message = message
        self.mend = mend
