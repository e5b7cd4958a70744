"""The edge to the KMS key that signs digests."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.model.errors import ArchiveUnavailable

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class SigningKey:
    """Raises `ArchiveUnavailable`."""

    def __init__(self, client: KMSClient, arn: str) -> None:
        self._client = client
        self._arn = arn

    def signature(self, body: bytes) -> dict[str, str]:
        """Return the metadata of a signed object: `signature`, in base64, and `signing-key`.

        https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
        """
        try:
            answer = self._client.sign(
                KeyId=self._arn,
                Message=hashlib.sha256(body).digest(),
                MessageType="DIGEST",
                SigningAlgorithm="ECDSA_SHA_256",
            )
        except (ClientError, BotoCoreError) as error:
            raise ArchiveUnavailable(f"The digest could not be signed: {error}") from error
        return {"signature": base64.b64encode(answer["Signature"]).decode(), "signing-key": self._arn}
