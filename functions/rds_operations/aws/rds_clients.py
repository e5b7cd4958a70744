"""The edge to RDS in every account and Region that the deployment serves, and to the roles that open them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    Credentials,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from rds_operations.aws import clients
from rds_operations.aws.rds import Rds, assume_role_fault
from rds_operations.model.errors import AccountUnreachable, RdsUnreachable
from rds_operations.model.place import Place
from rds_operations.model.request import OperationRequest
from rds_operations.rules.identity import session_name, source_identity
from rds_operations.rules.session_policy import session_policy
from rds_operations.settings.deployment import Deployment
from rds_operations.settings.targets import ACTING_ROLE, READING_ROLE, Targets

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient
    from mypy_boto3_sts.type_defs import CredentialsTypeDef

_READER = "rds-operations"
_SHORTEST_SESSION = 900
"""Seconds; STS makes none that is shorter."""


@dataclass(frozen=True)
class _Role:
    arn: str
    external_id: str = ""

    @property
    def arguments(self) -> dict[str, Any]:
        return {"ExternalId": self.external_id} if self.external_id else {}


class RdsClients:
    """`session` has the function's own credentials. Home's client is made at import, others when first needed; all are
    kept.
    """

    def __init__(self, session: Session, deployment: Deployment, targets: Targets) -> None:
        self.session = session
        self.targets = targets
        self._deployment = deployment
        self._sessions: dict[str, Session] = {targets.home.account_id: session}
        self._actors: dict[Place, tuple[HandedCredentials, Rds]] = {}
        self._readers = {targets.home: Rds(clients.reading_client(session, targets.home))}

    def reading(self, place: Place) -> Rds:
        """Reach RDS for Describe calls: at home under the function's own role, elsewhere under a reading role.

        Its calls raise `AccountUnreachable` where that role cannot be assumed.
        """
        if place not in self._readers:
            role = "" if self.targets.is_home(place) else self._role(place, READING_ROLE).arn
            self._readers[place] = Rds(clients.reading_client(self._reading_session(place), place), role)
        return self._readers[place]

    def acting(self, request: OperationRequest) -> Rds:
        """Reach RDS for this request's calls alone (`session_policy`). CloudTrail names the operation and the caller.

        Raises `AccountUnreachable`, or `RdsThrottled` and `RdsUnreachable`, after which a repetition is safe.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
        """
        place = self.targets.place_of(request)
        role = self._role(place, ACTING_ROLE)
        try:
            answer = self._sts.assume_role(
                RoleArn=role.arn,
                RoleSessionName=session_name(request.operation_id),
                SourceIdentity=source_identity(request.caller),
                Policy=session_policy(request, place, self._deployment.partition),
                DurationSeconds=_SHORTEST_SESSION,
                **role.arguments,
            )
        except ClientError as error:
            raise assume_role_fault(error, role.arn) from error
        except BotoCoreError as error:
            raise RdsUnreachable(f"STS did not answer: {error}") from error
        handed, rds = self._actor(place, role.arn)
        handed.hand(answer["Credentials"])
        return rds

    def prepare_acting(self) -> None:
        """Make the clients that act at home: an import has a whole CPU for it, an invocation its memory's share."""
        self._actor(self.targets.home, self._deployment.acting_role)
        _ = self._sts

    def _actor(self, place: Place, role: str) -> tuple[HandedCredentials, Rds]:
        """Return the acting client of a place, and what gives it credentials: one operation at a time uses it.

        A new client for each operation would read the certificates and connect anew.
        """
        if place not in self._actors:
            handed = HandedCredentials()
            session = clients.new_session(self.session)
            session.register_component("credential_provider", CredentialResolver([_Handed(handed)]))
            self._actors[place] = handed, Rds(clients.acting_client(session, place), role)
        return self._actors[place]

    @cached_property
    def _sts(self) -> STSClient:
        return clients.sts_client(self.session)

    def _role(self, place: Place, name: str) -> _Role:
        """Return the account of this deployment's list. Raises `AccountUnreachable` for any other."""
        if self.targets.is_home(place):
            return _Role(self._deployment.acting_role)
        if place.account_id not in self.targets.accounts:
            raise AccountUnreachable(f"Account {place.account_id} is not operated by this service")
        external_id = self.targets.accounts[place.account_id].external_id
        return _Role(f"arn:{self._deployment.partition}:iam::{place.account_id}:role/{name}", external_id)

    def _reading_session(self, place: Place) -> Session:
        """One for each account: botocore renews its credentials before they expire."""
        if place.account_id not in self._sessions:
            self._sessions[place.account_id] = self._assuming(self._role(place, READING_ROLE))
        return self._sessions[place.account_id]

    def _assuming(self, role: _Role) -> Session:
        fetcher = AssumeRoleCredentialFetcher(
            lambda _service, **_credentials: self._sts,
            self.session.get_credentials(),
            role.arn,
            extra_args={"RoleSessionName": _READER, **role.arguments},
        )
        session = clients.new_session(self.session)
        session.register_component("credential_provider", CredentialResolver([_Assumed(fetcher)]))
        return session


class HandedCredentials(Credentials):
    """Credentials that are replaced for each operation. A client reads them when it signs a call."""

    def __init__(self) -> None:
        super().__init__("", "")

    def hand(self, credentials: CredentialsTypeDef) -> None:
        self.access_key = credentials["AccessKeyId"]
        self.secret_key = credentials["SecretAccessKey"]
        self.token = credentials["SessionToken"]


class _Handed(CredentialProvider):
    METHOD = CANONICAL_NAME = "handed"

    def __init__(self, credentials: HandedCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials


class _Assumed(CredentialProvider):
    METHOD = CANONICAL_NAME = "assume-role"

    def __init__(self, fetcher: AssumeRoleCredentialFetcher) -> None:
        super().__init__()
        self._fetcher = fetcher

    def load(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(self._fetcher.fetch_credentials, self.METHOD)
