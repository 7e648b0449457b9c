"""botocore's service models as the simulator uses them: who a signature is meant for, and which protocols are spoken."""

from functools import cache

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from sandboxd.simulator.errors import ApiError

SERVICES = {
    "ec2": "ec2",
    "sts": "sts",
    "organizations": "organizations",
    "ssm": "ssm",
    "servicequotas": "service-quotas",
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
}
"""signing name -> service model; a name that is not here stands for itself"""
SPOKEN = ("ec2", "query", "json", "rest-json", "smithy-rpc-v2-cbor")
CBOR = "smithy-rpc-v2-cbor"


@cache
def model(service: str) -> ServiceModel:
    """The service model of botocore; ApiError for a service that nobody knows, or whose protocol is not spoken here."""
    try:
        found = Loader(include_default_search_paths=True).load_service_model(service, "service-2")
    except UnknownServiceError:
        raise ApiError("UnrecognizedClientException", f"There is no service {service!r}.") from None
    made = ServiceModel(found, service)
    if made.resolved_protocol not in SPOKEN:
        words = f"The simulator does not speak the protocol of {service!r}, {made.resolved_protocol}."
        raise ApiError("UnrecognizedClientException", words)
    return made


def service_of(signing_name: str) -> str:
    """The service that a signature is meant for; ApiError if there is none."""
    return str(model(SERVICES.get(signing_name, signing_name)).service_name)


@cache
def kind_of(service: str) -> str:
    """The protocol that this botocore chooses for a service: `ec2`, `query`, `json`, `rest-json`, `smithy-rpc-v2-cbor`."""
    return str(model(service).resolved_protocol)


def spoken(service: str, headers: dict[bytes, bytes]) -> str:
    """The protocol of one request: a service may have several, and other releases of botocore choose others."""
    known = model(service).metadata.get("protocols", ())
    if CBOR in known and headers.get(b"smithy-protocol") == b"rpc-v2-cbor":
        return CBOR
    return "json" if "json" in known and b"x-amz-target" in headers else kind_of(service)


def operation_of(service: str, name: str) -> OperationModel:
    """An operation by its name; InvalidAction if the service has none such."""
    if name not in model(service).operation_names:
        raise ApiError("InvalidAction", f"The action {name} is not valid for this web service.")
    return model(service).operation_model(name)


def namespace(service: str) -> str:
    """The namespace of a service's XML."""
    return str(model(service).metadata.get("xmlNamespace", ""))
