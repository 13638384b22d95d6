"""Real identity providers on the loopback, for the tests of signing in.

OpenID Connect: ``oidc-provider`` (certified by the OpenID Foundation) in Node. SAML: SimpleSAMLphp in PHP's own server.
``tools/environment.sh test`` puts both below ``.venv/identity-providers``. A missing one is a failure, not a skip.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "tests" / "people" / "identity_providers"
INSTALLED = ROOT / ".venv" / "identity-providers"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(port: int, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"the identity provider did not start: {log.read_text()[-2000:]}")


@contextmanager
def _running(command: list[str], port: int, environment: dict[str, str], folder: Path) -> Iterator[None]:
    log = folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=os.environ | environment, cwd=folder)
    try:
        _wait(port, process, log)
        yield
    finally:
        process.terminate()
        process.wait(10)


def fields(page: str) -> dict[str, str]:
    """The hidden and filled-in fields of the forms of a page."""
    inputs = re.findall(r"<input\b[^>]*>", page)
    found = {}
    for each in inputs:
        name, value = re.search(r'name="([^"]*)"', each), re.search(r'value="([^"]*)"', each)
        if name:
            found[unescape(name[1])] = unescape(value[1]) if value else ""
    return found


def action(page: str) -> str:
    return unescape(re.search(r'<form[^>]*action="([^"]*)"', page)[1])


class Oidc:
    """The running OpenID provider. ``people`` can sign in by their key; tests may sign with its ``key`` as well."""

    def __init__(self, url: str, key: rsa.RSAPrivateKey):
        self.url, self.key = url, key

    def sign(self, claims: dict[str, Any], key: rsa.RSAPrivateKey | None = None, **header: Any) -> str:
        """An ID token as the provider would sign it; with ``key``, as somebody else would."""
        return jwt.encode(claims, key or self.key, algorithm="RS256", headers={"kid": "test"} | header)

    def sign_in(self, address: str, person: str) -> str:
        """Do in a browser of its own what somebody does there; the address that the browser is then sent to."""
        with httpx.Client(follow_redirects=False) as browser:
            answer = browser.get(address)
            while True:
                where = answer.headers.get("location", "")
                if answer.status_code in {302, 303} and not where.startswith(("/", self.url)):
                    return where
                if where:
                    answer = browser.get(httpx.URL(self.url).join(where))
                    continue
                assert answer.status_code == 200, answer.text
                sent = fields(answer.text) | {"login": person, "password": "any"}
                answer = browser.post(httpx.URL(self.url).join(action(answer.text)), data=sent)


def _jwk(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    made = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key))
    return {name: value for name, value in made.items() if name != "key_ops"} | {
        "kid": "test",
        "alg": "RS256",
        "use": "sig",
    }


@contextmanager
def oidc(clients: list[dict[str, Any]], people: dict[str, dict[str, Any]]) -> Iterator[Oidc]:
    """Start an OpenID provider that knows these clients and people."""
    modules = INSTALLED / "package.json"
    assert (INSTALLED / "node_modules" / "oidc-provider").is_dir(), "run tools/environment.sh test first"
    port, key = _free_port(), rsa.generate_private_key(public_exponent=65537, key_size=2048)
    given = {"modules": str(modules), "port": port, "keys": [_jwk(key)], "clients": clients, "people": people}
    folder = Path(tempfile.mkdtemp(prefix="aisc-oidc-"))
    try:
        command = ["node", str(SOURCES / "provider.mjs"), json.dumps(given)]
        with _running(command, port, {}, folder):
            yield Oidc(f"http://127.0.0.1:{port}", key)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Saml:
    """The running SAML identity provider. A service must be made known before its people can come."""

    def __init__(self, url: str, folder: Path):
        self.url, self._folder = url, folder

    def metadata(self) -> str:
        return httpx.get(f"{self.url}/saml2/idp/metadata.php", timeout=30).raise_for_status().text

    def know(self, services: dict[str, dict[str, Any]]) -> None:
        """Make services known: entity ID → ``acs``, ``certificate`` (PEM), ``encrypted``."""
        rows = ["<?php"]
        for entity_id, given in services.items():
            body = "".join(given["certificate"].split("-----")[2].split())
            encrypted = "true" if given.get("encrypted") else "false"
            rows.append(
                f"$metadata['{entity_id}'] = ['AssertionConsumerService' => '{given['acs']}', 'certData' => '{body}', "
                f"'validate.authnrequest' => true, 'assertion.encryption' => {encrypted}];"
            )
        (self._folder / "metadata" / "saml20-sp-remote.php").write_text("\n".join(rows))

    def sign_in(self, address: str, person: str) -> tuple[str, dict[str, str]]:
        """Do in a browser of its own what somebody does there; where it then posts what (``SAMLResponse``)."""
        with httpx.Client(follow_redirects=True, timeout=30) as browser:
            page = browser.get(address)
            if "SAMLResponse" not in page.text:
                sent = fields(page.text) | {"username": person, "password": "any"}
                page = browser.post(page.url, data=sent)
            assert "SAMLResponse" in page.text, page.text
            return action(page.text), fields(page.text)


@contextmanager
def saml(people: dict[str, dict[str, str]]) -> Iterator[Saml]:
    """Start SimpleSAMLphp with these people; their attributes are named by OID, as universities name them."""
    programs = INSTALLED / "simplesamlphp"
    assert programs.is_dir(), "run tools/environment.sh test first"
    from aisc.people.institutions.configuration import new_key_pair

    folder = Path(tempfile.mkdtemp(prefix="aisc-saml-"))
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    try:
        (folder / "metadata").mkdir()
        (folder / "tmp").mkdir()
        shutil.copy(SOURCES / "config.php", folder / "config.php")
        key, certificate = new_key_pair("test")
        (folder / "idp.pem").write_text(key)
        (folder / "idp.crt").write_text(certificate)
        users = {f"{name}:any": {oid: [value] for oid, value in given.items()} for name, given in people.items()}
        written = base64.b64encode(json.dumps(users).encode()).decode()
        (folder / "authsources.php").write_text(
            f"<?php $config = ['people' => array_merge(['exampleauth:UserPass'], "
            f"json_decode(base64_decode('{written}'), true))];"
        )
        (folder / "metadata" / "saml20-idp-hosted.php").write_text(
            "<?php $metadata['https://idp.example.org/'] = ['host' => '__DEFAULT__', 'privatekey' => 'idp.pem', "
            "'certificate' => 'idp.crt', 'auth' => 'people', "
            "'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri'];"
        )
        (folder / "metadata" / "saml20-sp-remote.php").write_text("<?php")
        environment = {
            "SIMPLESAMLPHP_CONFIG_DIR": str(folder),
            "AISC_TEST_FOLDER": str(folder),
            "AISC_TEST_URL": url,
            "PHP_CLI_SERVER_WORKERS": "2",
        }
        command = ["php", "-d", "error_reporting=0", "-S", f"127.0.0.1:{port}", "-t", str(programs / "www")]
        with _running(command, port, environment, folder):
            yield Saml(url, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
