"""The table of routes: every request that the API answers is a row here, and nothing else is.

The OpenAPI document is generated from it, and a test walks it with every role.
"""

from typing import Any

from sandboxd.api import handlers as h
from sandboxd.api.pages import EventsQuery, ListQuery, Page, WaitQuery
from sandboxd.api.route import Route
from sandboxd.wire import requests as r
from sandboxd.wire import things as t

READS = (
    Route(method="GET", path="/v1/snapshot", permission="read", handler=h.snapshot, response=t.Snapshot,
          summary="The whole state at one instant"),
    Route(method="GET", path="/v1/events", permission="read", handler=h.history, response=Page[t.Event], query=EventsQuery,
          stream=True, summary="Events: a stream, or with `Accept: application/json` what happened after an id"),
    Route(method="GET", path="/v1/tenants", permission="read", handler=h.list_tenants, response=Page[t.Tenant],
          query=ListQuery, summary="List tenants"),
    Route(method="GET", path="/v1/tenants/{tenant}", permission="read", handler=h.get_tenant, response=t.Tenant,
          summary="Show a tenant"),
    Route(method="GET", path="/v1/accounts", permission="read", handler=h.list_accounts, response=Page[t.Account],
          query=ListQuery, summary="List accounts"),
    Route(method="GET", path="/v1/accounts/{id}", permission="read", handler=h.get_account, response=t.Account,
          summary="Show an account with what its sandboxes share"),
    Route(method="GET", path="/v1/accounts/{id}/ingress", permission="read", handler=h.get_ingress, response=t.Ingress,
          summary="Show what the ingress machines of an account should run, and what they run"),
    Route(method="GET", path="/v1/sandboxes", permission="read", handler=h.list_sandboxes, response=Page[t.Sandbox],
          query=ListQuery, summary="List sandboxes"),
    Route(method="GET", path="/v1/sandboxes/{id}", permission="read", handler=h.get_sandbox, response=t.Sandbox,
          summary="Show a sandbox with its resources"),
    Route(method="GET", path="/v1/operations", permission="read", handler=h.list_operations, response=Page[t.Operation],
          query=ListQuery, summary="List operations"),
    Route(method="GET", path="/v1/operations/{id}", permission="read", handler=h.get_operation, response=t.Operation,
          summary="Show an operation with its steps"),
    Route(method="GET", path="/v1/operations/{id}/wait", permission="read", handler=h.wait_operation, response=t.Operation,
          query=WaitQuery, summary="Wait for the end of an operation"),
    Route(method="GET", path="/v1/profiles", permission="read", handler=h.list_profiles, response=Page[t.Profile],
          query=ListQuery, summary="List profiles"),
    Route(method="GET", path="/v1/pool", permission="read", handler=h.get_pool, response=t.Pool,
          summary="Show the accounts that wait for tenants"),
    Route(method="GET", path="/v1/why/{id}", permission="read", handler=h.why, response=t.Why,
          summary="Why something waits, as a chain of reasons"),
    Route(method="POST", path="/v1/plans", permission="read", handler=h.plan, request=r.PlanRequest, response=t.Plan,
          summary="What a command would do; touches nothing"),
)  # fmt: skip

WRITES = (
    Route(method="POST", path="/v1/tenants", permission="write", handler=h.onboard, request=r.NewTenant,
          response=t.Operation, status=202, keyed=True, summary="Onboard a tenant into an account of the pool"),
    Route(method="POST", path="/v1/sandboxes", permission="write", handler=h.create, request=r.NewSandbox,
          response=t.Operation, status=202, keyed=True, summary="Create a sandbox"),
    Route(method="DELETE", path="/v1/sandboxes/{id}", permission="write", handler=h.delete, response=t.Operation,
          status=202, keyed=True, guarded=True, summary="Delete a sandbox"),
    Route(method="POST", path="/v1/sandboxes/{id}/start", permission="write", handler=h.start, response=t.Operation,
          status=202, keyed=True, guarded=True, summary="Start a stopped sandbox"),
    Route(method="POST", path="/v1/sandboxes/{id}/stop", permission="write", handler=h.stop, response=t.Operation,
          status=202, keyed=True, guarded=True, summary="Stop a sandbox; its disks stay"),
    Route(method="POST", path="/v1/sandboxes/{id}/extend", permission="write", handler=h.extend, request=r.Extend,
          response=t.Sandbox, guarded=True, summary="Move the moment at which a sandbox expires"),
    Route(method="POST", path="/v1/sandboxes/{id}/desktop", permission="write", handler=h.desktop, response=t.Desktop,
          summary="A way into the desktop of a started sandbox, for some minutes; that somebody asked is an event"),
    Route(method="GET", path="/v1/sandboxes/{id}/credentials/{name}", permission="write", handler=h.get_credential,
          response=t.Credential, summary="Show a secret of a sandbox, and tell that it was shown"),
    Route(method="POST", path="/v1/operations/{id}/retry", permission="write", handler=h.retry, request=r.RetryRequest,
          optional=True, response=t.Operation, status=202, summary="Retry a failed or cancelled operation"),
    Route(method="POST", path="/v1/operations/{id}/skip", permission="write", handler=h.skip, request=r.SkipRequest,
          response=t.Operation, status=202, summary="Skip a skippable step"),
    Route(method="DELETE", path="/v1/operations/{id}", permission="write", handler=h.cancel, response=t.Operation,
          status=202, summary="Cancel a running operation"),
)  # fmt: skip

ABOUT = (
    Route(method="GET", path="/v1/whoami", permission="none", handler=h.whoami, response=t.Whoami,
          summary="Who the daemon believes the caller is"),
    Route(method="GET", path="/v1/health", permission="none", handler=h.health, response=t.Health,
          summary="How the daemon is"),
    Route(method="GET", path="/v1/openapi.json", permission="none", handler=h.openapi, response=dict[str, Any],
          summary="This document"),
    Route(method="GET", path="/metrics", permission="read", handler=h.metrics, response=None,
          summary="Gauges for Prometheus"),
)  # fmt: skip

ROUTES = READS + WRITES + ABOUT
