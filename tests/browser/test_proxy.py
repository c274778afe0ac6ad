"""The visualizer behind a real nginx with the configuration in examples/, over TLS."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlencode

import pytest

from shared import CONTROL_FILE
from tests.browser.conftest import served
from tests.patience import PATIENCE_S
from visualizer.server import page_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import Message

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder

_ROOT: Final = Path(__file__).resolve().parents[2]
_NGINX: Final = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
_NAME: Final = "replay.example"
_TOKEN: Final = "steer-token-0123456789"  # noqa: S105 - nobody's
_MAIN: Final = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  access_log off;
  include {folder}/site.conf;
}}
"""

pytestmark = pytest.mark.skipif(_NGINX is None or shutil.which("openssl") is None, reason="no nginx or no openssl")


class Answer(NamedTuple):
    status: int
    headers: Message
    text: str


class Proxy:
    """nginx in front of a server: the ports of both of its sites, and how to reach them."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.plain, self.encrypted = _free_ports(2)
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        request += ["-subj", f"/CN={_NAME}", "-addext", f"subjectAltName=DNS:{_NAME}", "-days", "1"]
        subprocess.run([*request, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
        self.trust = ssl.create_default_context(cafile=str(certificate))
        site = (_ROOT / "examples/nginx.conf").read_text()
        for written, here in (
            ("127.0.0.1:8050", f"127.0.0.1:{server.port}"),
            ("listen 80;", f"listen 127.0.0.1:{self.plain};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.encrypted} ssl;"),
            ("/etc/ssl/certs/replay.example.pem", str(certificate)),
            ("/etc/ssl/private/replay.example.key", str(key)),
            ("/var/log/nginx/", f"{folder}/"),
        ):
            assert written in site
            site = site.replace(written, here)
        (folder / "site.conf").write_text(site)
        (folder / "nginx.conf").write_text(_MAIN.format(folder=folder))
        command = [str(_NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE)

    def wait(self) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            assert self.process.poll() is None, (self.folder / "error.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.encrypted)).close()
            except OSError:
                assert time.monotonic() < deadline_s
                time.sleep(0.02)
            else:
                return

    def ask(self, method: str, path: str, body: str | None = None, *, encrypted: bool = True, **headers: Any) -> Answer:
        """What a client gets that knows the site by its name."""
        port = self.encrypted if encrypted else self.plain
        connection = http.client.HTTPConnection(_NAME, port)
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as raw:
            connection.sock = self.trust.wrap_socket(raw, server_hostname=_NAME) if encrypted else raw
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            text = answer.read().decode()
            connection.close()
            return Answer(answer.status, answer.headers, text)


@pytest.fixture(scope="module")
def behind() -> Iterator[Server]:
    with served(VISUALIZER_TOKEN=_TOKEN, VISUALIZER_NAMES=_NAME) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(behind: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    running = Proxy(tmp_path_factory.mktemp("nginx"), behind)
    try:
        running.wait()
        yield running
    finally:
        running.process.terminate()
        running.process.communicate(timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def cookie(proxy: Proxy) -> str:
    """A session that was opened through the proxy, as a browser sends it back."""
    origin = f"https://{_NAME}:{proxy.encrypted}"
    form: dict[str, Any] = {"Content_Type": "application/x-www-form-urlencoded", "Origin": origin}
    answer = proxy.ask("POST", "/sign-in", urlencode({"token": _TOKEN}), **form)
    assert answer.status == 303
    assert answer.headers["Location"] == "/"
    given = answer.headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(given.split("; "))
    return given.partition(";")[0]


def test_a_stranger_gets_the_form_over_tls_and_browsers_are_told_to_stay_there(proxy: Proxy) -> None:
    answer = proxy.ask("GET", "/")
    assert answer.status == 401
    assert 'name="token"' in answer.text
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_unencrypted_requests_are_sent_to_tls_without_what_they_said(proxy: Proxy) -> None:
    answer = proxy.ask("GET", f"/any?token={_TOKEN}", encrypted=False)
    assert answer.status == 301
    assert answer.headers["Location"] == f"https://{_NAME}/"


def test_the_page_its_files_and_polls_work(
    proxy: Proxy, cookie: str, behind: Server, feed: Callable[..., Feeder]
) -> None:
    feeder = feed(behind.directory)
    feeder.publish()
    answer = proxy.ask("GET", "/", Cookie=cookie)
    assert answer.status == 200
    assert "_dash-renderer" in answer.text
    for path in (re.findall(r'src="(.*?)"', page_files.ENTRY)[0], "/metrics", "/_dash-layout"):
        answer = proxy.ask("GET", path, Cookie=cookie)
        assert answer.status == 200, path
    headers: dict[str, Any] = {"Cookie": cookie, "Content_Type": "application/json"}
    answer = proxy.ask("POST", "/poll", "{}", **headers)
    assert answer.status == 200
    assert json.loads(answer.text)["about"]["session"] == feeder.session


def test_commands_work_and_those_of_other_sites_do_not(proxy: Proxy, cookie: str, behind: Server) -> None:
    headers: dict[str, Any] = {"Cookie": cookie, "Content_Type": "application/json"}
    for origin, status in (("https://evil.example", 403), (f"https://{_NAME}:{proxy.encrypted}", 202)):
        answer = proxy.ask("POST", "/control", '{"action": "pause"}', Origin=origin, **headers)
        assert answer.status == status
    assert json.loads((behind.control / CONTROL_FILE).read_bytes())["action"] == "pause"


def test_pages_that_have_signed_in_are_told_of_publications_through_it_and_no_others(proxy: Proxy, cookie: str) -> None:
    asked: dict[str, Any] = {
        "Origin": f"https://{_NAME}:{proxy.encrypted}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    assert proxy.ask("GET", "/news", **asked).status == 401
    connection = socket.create_connection(("127.0.0.1", proxy.encrypted), PATIENCE_S)
    with proxy.trust.wrap_socket(connection, server_hostname=_NAME) as client:
        headers = {"Host": f"{_NAME}:{proxy.encrypted}", "Cookie": cookie, **asked}
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        client.sendall("\r\n".join(("GET /news HTTP/1.1", *lines, "", "")).encode())
        assert client.recv(1024).startswith(b"HTTP/1.1 101 ")


def test_whom_a_client_claims_to_be_counts_for_nothing_and_the_token_is_in_no_log(proxy: Proxy, behind: Server) -> None:
    answer = proxy.ask("GET", f"/?token={_TOKEN}x", X_Forwarded_For="198.51.100.7")
    assert answer.status == 403
    answer = proxy.ask("GET", f"/?token={_TOKEN}")
    assert answer.status == 303
    log = behind.log.read_text()
    assert '"client": "127.0.0.1"' in log
    assert "198.51.100.7" not in log
    assert '"encrypted": true' in log
    assert _TOKEN not in log + (proxy.folder / "orderflow.log").read_text()


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
