"""The JSON Schema of profiles, made from the structs, for editors and the documentation."""

import json

import msgspec

from sandboxd.model.profile import Profile


def schema() -> str:
    """The schema as it is committed."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "sandboxd profile"}
    return json.dumps(made | msgspec.json.schema(Profile), indent=2) + "\n"
