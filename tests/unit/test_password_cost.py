"""What it takes to try a password in the product as it is shipped; tests on real servers make it cheap."""

import importlib.util

from argon2 import Type, extract_parameters

from core.services import accounts


def test_a_hash_takes_no_less_than_owasp_asks() -> None:
    spec = importlib.util.spec_from_file_location("accounts_as_shipped", accounts.__file__)
    assert spec is not None
    assert spec.loader is not None
    shipped = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(shipped)
    made = extract_parameters(shipped.hasher.hash("correct horse battery"))
    assert made.type is Type.ID
    assert made.time_cost >= 2
    assert made.memory_cost >= 19 * 1024
