"""A way into the file behind the store's back."""

import apsw
import pytest


@pytest.fixture
def raw():
    def run(path, *statements):
        connection = apsw.Connection(str(path))
        for statement in statements:
            connection.execute(statement)
        connection.close()

    return run
