"""The waist: `call(scope, service, operation, parameters)`, one attempt of one AWS operation in the name of a scope.

One client per service and region, shared by all tenants and built up front; credentials are chosen per call and never
fall back to the daemon's own, which act in their own account only. The caller identity of a session is compared with its
account before the first mutation.
Below here nothing is repeated but reads; an error's code decides what it proves, before the HTTP status does.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from typing import Any

import trio
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError
from botocore.waiter import xform_name
from msgspec import Struct, field, structs

from sandboxd.aws import outcomes
from sandboxd.aws.clients import GLOBAL, Clients
from sandboxd.aws.credentials import SESSION, Provider, Session, Signer
from sandboxd.aws.session import LeanSession
from sandboxd.aws.times import fast_timestamp
from sandboxd.model.ports import AwsError, Clock, Scope

READ_ATTEMPTS = 3
"""a read whose reply was lost is simply sent again"""
READ_PAUSE = 0.3
"""real seconds before that"""
_NOT_SENT = (
    EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError, SSLError, NoCredentialsError, PartialCredentialsError,
)  # fmt: skip
_CURRENT: ContextVar[Signer] = ContextVar("sandboxd_signer")


class AwsSettings(Struct, frozen=True, kw_only=True):
    """Where AWS is. Empty values come from botocore's standard places (AWS_ENDPOINT_URL, AWS_DEFAULT_REGION, …)."""

    endpoint: str = ""
    region: str = "eu-central-1"
    connections: int = 50
    """per service and region"""
    read_timeout: float = 55.0
    """real seconds; under the engine's own deadline of a call"""
    session_cls: type = LeanSession
    keys: tuple[str, str] | None = None
    """access key and secret of the daemon; None: from botocore's standard places"""
    roles: Mapping[str, str] = field(default_factory=dict)
    """account -> role that is assumed there where a scope names none and the daemon's own credentials are another account's"""


class Aws:
    """AWS as the daemon sees it; `call` is the port."""

    def __init__(self, *, settings: AwsSettings, clock: Clock, clients: Clients | None = None) -> None:
        self._settings, self._clock = settings, clock
        self._own = _own_session()
        self._session = _session(settings)
        self._session.register_component("credential_provider", Provider(_CURRENT))
        self.clients = clients or Clients(build=self._build, home=settings.region)
        self._sessions: dict[tuple[str, str], Session] = {}
        self._me = ""

    async def warm(self, services: Iterable[str], regions: Iterable[str]) -> None:
        """Build the clients before the first command is accepted: the first one of a service takes 0.1 s of CPU."""
        regions = tuple(regions)
        for service in services:
            for region in (GLOBAL[service],) if service in GLOBAL else regions:
                async with self.clients.use(service, region):
                    pass

    async def identity(self) -> str:
        """Return the account of the daemon's own credentials; raise AwsError."""
        if not self._me:
            signer = await self._own_signer()
            answer = await self._send(signer, "sts", self._settings.region, "GetCallerIdentity", {})
            self._me = str(answer["Account"])
        return self._me

    async def call(self, scope: Scope, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        """Return AWS's answer; raise AwsError."""
        scope, region = await self._placed(scope), scope.region
        if outcomes.is_read(operation):
            return await self._read(scope, service, region, operation, parameters)
        signer = await self._signer(scope)
        await self._prove(scope, signer)
        try:
            return await self._send(signer, service, region, operation, parameters)
        except AwsError as error:
            self._is_stale(scope, service, error)  # not repeated here, but whoever does finds new credentials
            raise

    async def _read(
        self, scope: Scope, service: str, region: str, operation: str, parameters: Mapping[str, Any]
    ) -> Any:
        for attempt in range(1, READ_ATTEMPTS + 1):
            try:
                return await self._send(await self._signer(scope), service, region, operation, parameters)
            except AwsError as error:
                again = error.outcome == "unknown" or self._is_stale(scope, service, error)
                if not again or attempt == READ_ATTEMPTS:
                    raise
                await trio.sleep(READ_PAUSE * attempt)
        raise AssertionError

    # ---- in whose name
    async def _placed(self, scope: Scope) -> Scope:
        """Return whose credentials a scope means: without a role the daemon's own, or a role of that account."""
        if scope.role or scope.account == (own := await self.identity()):
            return scope
        if role := self._settings.roles.get(scope.account):
            return structs.replace(scope, role=role)
        words = f"the daemon's credentials are those of account {own}, and no role of account {scope.account} is known; nothing was sent"
        raise AwsError("refused", "WrongAccount", words)

    async def _signer(self, scope: Scope) -> Signer:
        if not scope.role:
            return await self._own_signer()
        return await self._tenant(scope).signer()

    def _tenant(self, scope: Scope) -> Session:
        place = (scope.account, scope.role)
        if place not in self._sessions:

            async def assume() -> Any:
                return await self._assume(scope)

            self._sessions[place] = Session(account=scope.account, clock=self._clock, assume=assume)
        return self._sessions[place]

    async def _assume(self, scope: Scope) -> Any:
        parameters = {
            "RoleArn": f"arn:aws:iam::{scope.account}:role/{scope.role}",
            "RoleSessionName": "sandboxd",
            "DurationSeconds": SESSION,
        }
        return await self._send(await self._own_signer(), "sts", self._settings.region, "AssumeRole", parameters)

    async def _own_signer(self) -> Signer:
        """The daemon's own credentials, from botocore's standard places, refreshed by botocore."""
        if self._settings.keys is not None:
            return Signer(self._me, ReadOnlyCredentials(*self._settings.keys, None))
        credentials = await self._own.get_credentials()
        if credentials is None:
            raise AwsError("refused", "NoCredentials", "no AWS credentials were found in botocore's standard places")
        return Signer(self._me, await credentials.get_frozen_credentials())

    async def _prove(self, scope: Scope, signer: Signer) -> None:
        """Nothing is changed in an account before AWS itself says that these credentials are that account's."""
        if not scope.role:
            return
        session = self._tenant(scope)
        async with session.proving:
            if not session.proven:
                answer = await self._send(signer, "sts", self._settings.region, "GetCallerIdentity", {})
                _compare(scope, str(answer["Account"]))
                session.proven = True

    def _is_stale(self, scope: Scope, service: str, error: AwsError) -> bool:
        """Whether the session's credentials have to be renewed, which the next attempt then does."""
        if error.code not in outcomes.codes(service).credentials or not scope.role:
            return False
        self._tenant(scope).forget()
        return True

    # ---- bytes
    async def _build(self, stack: AsyncExitStack, service: str, region: str) -> Any:
        endpoint = {"endpoint_url": self._settings.endpoint} if self._settings.endpoint else {}
        return await stack.enter_async_context(self._session.create_client(service, region_name=region, **endpoint))

    async def _send(
        self, signer: Signer, service: str, region: str, operation: str, parameters: Mapping[str, Any]
    ) -> Any:
        async with self.clients.use(service, region) as client:
            return await _sent(client, signer, service, operation, parameters)


async def _sent(client: Any, signer: Signer, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
    token = _CURRENT.set(signer)
    try:
        answer = await getattr(client, xform_name(operation))(**parameters)
    except ClientError as error:
        raise _refused(service, error) from error
    except ParamValidationError as error:
        raise AwsError("refused", "ParamValidation", str(error)) from error
    except _NOT_SENT as error:
        code = "NoCredentials" if isinstance(error, (NoCredentialsError, PartialCredentialsError)) else "Unreachable"
        raise AwsError("refused", code, str(error)) from error
    except ResponseParserError as error:
        raise AwsError("unknown", "Unparsable", str(error)) from error
    except BotoCoreError as error:
        raise AwsError("unknown", type(error).__name__.removesuffix("Error"), str(error)) from error
    finally:
        _CURRENT.reset(token)
    if _says_nothing(client, service, operation, answer):
        raise AwsError("unknown", "Unparsable", f"{operation} was answered with an empty body")
    return answer


def _says_nothing(client: Any, service: str, operation: str, answer: Mapping[str, Any]) -> bool:
    """Whether a 200 proves nothing: EC2 names the request even when a delete is done, the others say what they must."""
    if service == "ec2":
        return not answer["ResponseMetadata"].get("RequestId")
    shape = client.meta.service_model.operation_model(operation).output_shape
    return shape is not None and bool(shape.members) and not answer.keys() - {"ResponseMetadata"}


def _compare(scope: Scope, found: str) -> None:
    if found != scope.account:
        words = f"the credentials for account {scope.account} are those of {found}; nothing was sent"
        raise AwsError("refused", "WrongAccount", words)


def _refused(service: str, error: ClientError) -> AwsError:
    said, meta = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code, status = str(said.get("Code", "")), int(meta.get("HTTPStatusCode", 0))
    return AwsError(outcomes.outcome(service, code, status), code, str(said.get("Message", "")), status)


def _own_session() -> AioSession:
    """The session whose only use is to find the daemon's own credentials; it must run on Trio too."""
    session = AioSession()
    session.set_default_client_config(AioConfig(http_session_cls=LeanSession))
    return session


def _session(settings: AwsSettings) -> AioSession:
    session = AioSession()
    config = AioConfig(
        http_session_cls=settings.session_cls,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=settings.connections,
        read_timeout=settings.read_timeout,
        connect_timeout=10,
        parameter_validation=True,
        user_agent="sandboxd",
    )
    session.set_default_client_config(config)
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=fast_timestamp)
    return session


@asynccontextmanager
async def open_aws(settings: AwsSettings, clock: Clock) -> AsyncIterator[Aws]:
    """Open AWS; the clients are closed at the end."""
    aws = Aws(settings=settings, clock=clock)
    try:
        yield aws
    finally:
        with trio.CancelScope(shield=True):
            await aws.clients.aclose()


__all__ = ["Aws", "AwsSettings", "open_aws"]
