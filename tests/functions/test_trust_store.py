"""One trust store for all clients: each bundle is read once, and every certificate is still checked."""

from __future__ import annotations

import http.server
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore import httpsession
from botocore.awsrequest import AWSRequest
from botocore.exceptions import SSLError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rds_operations.aws import clients
from rds_operations.aws.trust_store import TrustStore, share_trust_store
from tests.builders import REGION


def certificate(folder: Path, name: str, address: str = "127.0.0.1") -> Path:
    """Write a key and a certificate that signs itself, as a server and its client need them."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    hosts = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(hosts, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = folder / f"{name}.pem"
    path.write_bytes(text + signed.public_bytes(serialization.Encoding.PEM))
    return path


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        return


@contextmanager
def server(own: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listening.server_port}/"
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore be as before, then share a store of this test's own."""
    make: Any = httpsession.create_urllib3_context
    monkeypatch.setattr(httpsession, "create_urllib3_context", getattr(make, "__wrapped__", make))
    monkeypatch.setattr(httpsession, "SSLContext", ssl.SSLContext)
    share_trust_store()


def get(url: str, bundle: Path) -> int:
    """Ask as a client of its own does."""
    session = httpsession.URLLib3Session(verify=str(bundle))  # type: ignore[arg-type]
    return int(session.send(AWSRequest("GET", url).prepare()).status_code)


@pytest.mark.usefixtures("anew")
def test_a_bundle_is_read_once_for_all_clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    load = ssl.SSLContext.load_verify_locations

    def noted(context: ssl.SSLContext, *bundle: Any) -> None:
        read.append(bundle)
        load(context, *bundle)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", noted)
    own = certificate(tmp_path, "own")
    with server(own) as url:
        assert [get(url, own) for _client in range(3)] == [204, 204, 204]
    assert len(read) == 1


@pytest.mark.usefixtures("anew")
def test_a_server_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    own, stranger = certificate(tmp_path, "own"), certificate(tmp_path, "stranger")
    with server(own) as url, server(stranger) as strange:
        assert get(url, own) == 204
        with pytest.raises(SSLError):
            get(strange, own)


@pytest.mark.usefixtures("anew")
def test_a_certificate_of_another_host_is_refused(tmp_path: Path) -> None:
    own, elsewhere = certificate(tmp_path, "own"), certificate(tmp_path, "elsewhere", "127.0.0.2")
    with server(own) as url, server(elsewhere) as other:
        assert get(url, own) == 204
        with pytest.raises(SSLError):
            get(other, elsewhere)


@pytest.mark.usefixtures("anew")
def test_a_botocore_without_these_names_goes_on_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(httpsession, "create_urllib3_context")
    share_trust_store()
    assert not hasattr(httpsession, "create_urllib3_context")


def test_the_functions_clients_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    made: list[Any] = [clients.dynamodb_client(), clients.queue_client()]
    contexts = [client._endpoint.http_session._manager.connection_pool_kw["ssl_context"] for client in made]
    assert contexts[0] is contexts[1]
    assert isinstance(contexts[0], TrustStore)
