"""Schemas of the product's own objects on SQL Server."""


def made(name: str) -> str:
    """A statement that makes a schema where it is missing, of the same owner as the tables."""
    return f"IF SCHEMA_ID('{name}') IS NULL EXEC('CREATE SCHEMA {name} AUTHORIZATION dbo')"
