"""Whatever is wrong between here and the service is one sentence, and nothing is sent where it must not go."""

import json
import os
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha1
from pathlib import Path

import pytest

import rds_ops as rds_ops_package
from rds_ops import transport
from rds_ops.credentials import _region
from rds_ops.failures import ExitCode
from rds_ops.settings import Given, resolved
from tests.bench import certificates
from tests.cli.answers import service
from tests.cli.conftest import Done, Run
from tests.cli.stub import Stub, Told, serving

UNAUTHORIZED = {"x-amzn-ErrorType": "UnauthorizedException"}


def no_access(done: Done, *texts: str) -> None:
    assert done.code == ExitCode.NO_ACCESS
    assert "rds-ops: " in done.err
    for text in texts:
        assert text in done.err


def test_no_network(rds_ops: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_address(*_arguments: object, **_named: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_address)
    done = rds_ops("whoami", "--api", "https://abc.execute-api.eu-west-1.amazonaws.com/v1")
    no_access(done, "abc.execute-api.eu-west-1.amazonaws.com cannot be reached: Name or service not known.")


def test_nothing_listens(rds_ops: Run) -> None:
    with serving() as gone:
        pass
    no_access(rds_ops("whoami", "--api", gone.url), "127.0.0.1 cannot be reached: Connection refused.")


def test_an_answer_that_does_not_come(rds_ops: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rds_ops.service.send", lambda request, _timeout: transport.send(request, 0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = rds_ops("whoami", "--api", f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
    no_access(done, "127.0.0.1 has not answered in time.")


def test_a_proxy_that_refuses(rds_ops: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.tell(Told(407, "Who are you?"))
    monkeypatch.setenv("HTTPS_PROXY", stub.url.removesuffix("/v1"))
    done = rds_ops("whoami", "--api", "https://abc.execute-api.eu-west-1.amazonaws.com/v1")
    no_access(done, "The proxy does not let abc.execute-api.eu-west-1.amazonaws.com through", "407")
    assert [asked.method for asked in stub.asked] == ["CONNECT"]
    assert "X-Api-Key" not in stub.asked[0].headers


def test_this_machine_is_reached_without_a_proxy(rds_ops: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.script = service()
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert rds_ops("whoami").code == 0


def test_certificates(rds_ops: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain, bundle = certificates.write(tmp_path)
    with serving(chain) as stub:
        stub.script = service()
        no_access(rds_ops("whoami", "--api", stub.url), "The certificate of 127.0.0.1 is not trusted", "AWS_CA_BUNDLE")
        assert stub.asked == []
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
        assert rds_ops("whoami", "--api", stub.url).code == 0
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "nothing"))
        no_access(rds_ops("whoami", "--api", stub.url), "has no certificates that can be read")


def test_only_what_the_system_trusts_is_trusted() -> None:
    assert transport._certificates().verify_mode is ssl.CERT_REQUIRED


def test_a_redirect_is_not_followed(rds_ops: Run, stub: Stub) -> None:
    stub.tell(Told(302, "", {"Location": f"{stub.url}/elsewhere"}))
    no_access(rds_ops("whoami"), "is not this service (HTTP 302)")
    assert len(stub.asked) == 1


@pytest.mark.parametrize("answer", [Told(200, "<html>Sign in</html>"), Told(404, "Not here"), Told(200, ["x"])])
def test_something_else_answers(rds_ops: Run, stub: Stub, answer: Told) -> None:
    stub.tell(answer)
    no_access(rds_ops("whoami"), "What answers there is not this service")


@pytest.mark.parametrize(("minutes", "told"), [(-17, "17 minutes ahead of"), (17, "17 minutes behind")])
def test_a_wrong_clock(rds_ops: Run, stub: Stub, minutes: int, told: str) -> None:
    there = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
    stub.tell(Told(403, {"error": "Signature expired"}, {"Date": there}))
    no_access(rds_ops("whoami"), f"This machine's clock is {told} the service's")


def test_an_expired_token(rds_ops: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.tell(Told(401, {"error": "The incoming token has expired"}))
    monkeypatch.delenv("RDS_OPS_API_KEY")
    monkeypatch.setenv("RDS_OPS_TOKEN", "a.b.c")
    no_access(rds_ops("whoami"), "The incoming token has expired.", "rds-ops login")
    assert stub.asked[0].headers["Authorization"] == "Bearer a.b.c"


def test_a_server_of_another_version(rds_ops: Run, stub: Stub) -> None:
    stub.tell(Told(200, {"userId": "jane", "version": "9.9.9", "new": {"deep": [1]}}))
    done = rds_ops("whoami")
    assert done.code == 0
    assert "The service is version 9.9.9, this program 0.1.0" in done.err
    for command in (["instances"], ["explain", "dev-1"], ["status", "x"], ["snapshot", "dev-1"]):
        assert rds_ops(*command).code == 0, command
    no_access(rds_ops("list"), "of another version")
    stub.tell(Told(403, {"error": "There is no such method and path", "code": "unknown_route"}))
    no_access(rds_ops("instances"), "another version")


@pytest.mark.parametrize("secret", ["a\nb", "ä", "a b"])
def test_what_is_no_key_is_not_sent(rds_ops: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("RDS_OPS_API_KEY", secret)
    done = rds_ops("whoami")
    no_access(done, "characters that no API key has")
    assert secret not in done.err
    assert stub.asked == []


def started(*arguments: str) -> Done:
    """Run it in a process of its own: botocore finds the cache of SSO where HOME was when it was imported."""
    environment = {**os.environ, "PYTHONPATH": str(Path(rds_ops_package.__file__).parents[1])}
    command = [sys.executable, "-m", "rds_ops", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


class TestSigning:
    @pytest.fixture(autouse=True)
    def _signed(self, rds_ops: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
        stub.script = service()
        monkeypatch.delenv("RDS_OPS_API_KEY")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(home / "aws-config"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "aws-credentials"))

    def _config(self, home: Path, text: str) -> None:
        (home / "aws-config").write_text(text)

    def test_no_credentials(self, run: Run) -> None:
        no_access(run("whoami"), "There are no AWS credentials to sign with.")

    def test_no_region(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        self._keys(monkeypatch)
        assert run("whoami").code == ExitCode.USAGE

    def test_a_signature_for_the_region(self, run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
        self._keys(monkeypatch)
        assert run("list", "--instance", "dev-1", "--region", "eu-west-1").code == 0
        headers = stub.asked[0].headers
        assert "/eu-west-1/execute-api/aws4_request" in headers["Authorization"]
        assert "X-Amz-Date" in headers

    def test_a_profile_with_a_credential_process(self, run: Run, stub: Stub, home: Path) -> None:
        given = {"Version": 1, "AccessKeyId": "AKIDFROMPROCESS", "SecretAccessKey": "x", "SessionToken": "session"}
        (home / "given.json").write_text(json.dumps(given))
        self._config(home, f"[profile dba]\nregion = eu-west-1\ncredential_process = cat {home}/given.json\n")
        assert run("whoami", "--profile", "dba").code == 0
        assert "Credential=AKIDFROMPROCESS/" in stub.asked[0].headers["Authorization"]
        assert stub.asked[0].headers["X-Amz-Security-Token"] == "session"

    def test_a_credential_process_that_fails(self, run: Run, home: Path) -> None:
        self._config(home, "[profile dba]\nregion = eu-west-1\ncredential_process = false\n")
        no_access(run("whoami", "--profile", "dba"), "The AWS credentials cannot be used")

    def test_no_such_profile(self, run: Run) -> None:
        done = run("whoami", "--profile", "nobody")
        assert done.code == ExitCode.USAGE
        assert "nobody" in done.err

    @pytest.mark.parametrize("cached", ["", "2020-01-01T00:00:00Z"], ids=["never signed in", "expired"])
    def test_an_sso_session_that_is_over(self, home: Path, cached: str) -> None:
        self._sso(home, cached)
        no_access(
            started("whoami", "--profile", "dba"), "The SSO session cannot be used", "aws sso login --profile dba"
        )

    def test_an_sso_session_that_the_portal_has_ended(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._sso(home, "2099-01-01T00:00:00Z")
        with serving() as portal:
            portal.tell(Told(401, {"message": "Session token not found or invalid"}, UNAUTHORIZED))
            monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", portal.url)
            no_access(started("whoami", "--profile", "dba"), "The SSO session cannot be used", "aws sso login")
            assert len(portal.asked) == 1

    def test_an_sso_session(self, stub: Stub, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._sso(home, "2099-01-01T00:00:00Z")
        given = {"accessKeyId": "AKIDFROMSSO", "secretAccessKey": "x", "sessionToken": "s", "expiration": 4070908800000}
        with serving() as portal:
            portal.tell(Told(200, {"roleCredentials": given}))
            monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", portal.url)
            done = started("whoami", "--profile", "dba")
            assert done.code == 0, done.err
            assert portal.asked[0].headers["x-amz-sso_bearer_token"] == "t"
        assert "Credential=AKIDFROMSSO/" in stub.asked[0].headers["Authorization"]

    def _sso(self, home: Path, until: str) -> None:
        """Configure a profile of IAM Identity Center, with a token of the last sign-in if there was one."""
        start = "https://example.awsapps.com/start"
        self._config(
            home,
            "[profile dba]\nregion = eu-west-1\nsso_session = us\nsso_account_id = 111122223333\nsso_role_name = dba\n"
            f"[sso-session us]\nsso_region = eu-west-1\nsso_start_url = {start}\n",
        )
        if until:
            kept = home / ".aws" / "sso" / "cache" / f"{sha1(b'us').hexdigest()}.json"  # noqa: S324 - botocore's name
            kept.parent.mkdir(parents=True)
            kept.write_text(json.dumps({"startUrl": start, "accessToken": "t", "expiresAt": until}))

    def _keys(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")


def test_the_region_is_in_the_address_of_an_api() -> None:
    api = "https://abc.execute-api.eu-central-1.amazonaws.com/v1"
    assert _region(resolved(Given(api=api))) == "eu-central-1"
    assert _region(resolved(Given(api=api, region="eu-west-1"))) == "eu-west-1"
