"""The API: routes over a desk, problems, event streams, the OpenAPI document; an ASGI application on `http/`.

It knows requests and the desk's protocol; it decides nothing about sandboxes.
"""

from sandboxd.api.app import Api
from sandboxd.api.desk import Commands, Desk, Feed
from sandboxd.api.listen import serve_api

__all__ = ["Api", "Commands", "Desk", "Feed", "serve_api"]
