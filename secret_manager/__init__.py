"""A client for the ABEJA Platform Secret Manager API. Knows requests, knows no Django."""

from .client import SecretManagerClient
from .credentials import Credential, InvalidCredential
from .errors import (
    Conflict,
    ConnectFailed,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotReached,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SecretManagerError,
    UpstreamFailed,
)
from .rules import (
    MAX_VALUE_BYTES,
    NAME_MAX_LENGTH,
    NAME_PATTERN,
    NAME_SUFFIX_PATTERN,
    InvalidArgument,
    check_id,
    check_name,
)
from .summaries import Summary, SummaryPage, summary_of
from .timeouts import Deadline, Timeouts
from .transport import Transport
from .types import UNSET, Listing, Secret, SecretPage, SecretVersion, Unset, VersionPage
from .values import Value

__all__ = [
    "MAX_VALUE_BYTES",
    "NAME_MAX_LENGTH",
    "NAME_PATTERN",
    "NAME_SUFFIX_PATTERN",
    "UNSET",
    "Conflict",
    "ConnectFailed",
    "Credential",
    "Deadline",
    "InvalidArgument",
    "InvalidCredential",
    "InvalidInput",
    "Listing",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "NotReached",
    "OutcomeUnknown",
    "RateLimited",
    "Rejected",
    "Secret",
    "SecretManagerClient",
    "SecretManagerError",
    "SecretPage",
    "SecretVersion",
    "Summary",
    "SummaryPage",
    "Timeouts",
    "Transport",
    "Unset",
    "UpstreamFailed",
    "Value",
    "VersionPage",
    "check_id",
    "check_name",
    "summary_of",
]
