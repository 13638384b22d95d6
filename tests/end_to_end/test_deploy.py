"""The examples under ``deploy/`` really work: systemd's units, nginx and Caddy in front, Prometheus' rules."""

from __future__ import annotations

import configparser
import io
import json
import os
import re
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from whole_centre import free_port, start_centre, submit, until

from aisc.client import Client

DEPLOY = Path(__file__).parents[2] / "deploy"
SERVERS = Path(sys.prefix) / "servers"
METRIC = re.compile(r"\baisc_[a-z_]+")
NAME = "aisc.example.org"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A folder with ``fullchain.pem`` and ``privkey.pem`` of a certificate that signs itself."""
    folder = tmp_path_factory.mktemp("certificate")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    names = ["-addext", f"subjectAltName=DNS:{NAME}"]
    files = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    return folder


@contextmanager
def nginx(folder: Path, certificate: Path, web: int, plain: int, tls: int):
    """The example as it is, but for its ports, its certificate, and a configuration around it."""
    text = (DEPLOY / "nginx.conf").read_text()
    text = text.replace("/etc/ssl/aisc", str(certificate)).replace("127.0.0.1:8000", f"127.0.0.1:{web}")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{plain};")
    text = text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{tls} ssl http2;")
    folder.mkdir()
    kinds = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("proxy", "client_body", "fastcgi", "uwsgi", "scgi")
    )
    user = f"user {psutil.Process().username()};" if os.geteuid() == 0 else ""
    around = f"daemon off; {user} pid {folder}/pid; error_log {folder}/error.log; events {{}} http {{ access_log off;\n"
    (folder / "nginx.conf").write_text(f"{around}{kinds}\n{text}}}\n")
    with _server(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")], tls):
        yield


@contextmanager
def caddy(folder: Path, certificate: Path, web: int, plain: int, tls: int):
    """The example as it is, but for its ports and a certificate at hand instead of one that is fetched."""
    text = (DEPLOY / "Caddyfile").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{web}")
    own = f"\tbind 127.0.0.1\n\ttls {certificate}/fullchain.pem {certificate}/privkey.pem\n"
    text = text.replace(f"{NAME} {{\n", f"{NAME} {{\n{own}")
    folder.mkdir()
    options = f"{{\n\thttp_port {plain}\n\thttps_port {tls}\n\tadmin off\n\tstorage file_system {folder}\n}}\n"
    (folder / "Caddyfile").write_text(options + text)
    with _server(["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")], tls, home=folder):
        yield


@contextmanager
def _server(command: list[str], port: int, home: Path | None = None):
    program = shutil.which(command[0], path=f"{SERVERS}/usr/sbin:{SERVERS}/usr/bin")
    assert program, f"{command[0]} is not below {SERVERS}; tools/environment.sh test puts it there"
    environment = os.environ | ({"HOME": str(home), "XDG_DATA_HOME": str(home)} if home else {})
    process = subprocess.Popen(
        [program, *command[1:]], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        until(lambda: process.poll() is not None or _listens(port))
        assert process.poll() is None, process.stderr.read().decode()
        yield
    finally:
        process.terminate()
        process.wait(30)
        process.stderr.close()


def _listens(port: int) -> bool:
    return any(each.laddr.port == port for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN)


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_behind_a_proxy_with_tls(tmp_path, certificate, proxy):
    """Secure cookies and addresses, a log that streams line by line, an upload that is not spooled, no figures."""
    plain, tls = free_port(), free_port()
    public = f"https://{NAME}:{tls}"
    hosts = f"{NAME},127.0.0.1"
    centre = start_centre(tmp_path / "state", AISC_PUBLIC_URL=public, AISC_ALLOWED_HOSTS=hosts)
    try:
        with proxy(tmp_path / "proxy", certificate, int(centre.url.rpartition(":")[2]), plain, tls):
            context = ssl.create_default_context(cafile=certificate / "fullchain.pem")
            transport = _ToLoopback(verify=context)
            with httpx.Client(base_url=public, transport=transport, timeout=30) as browser:
                page = browser.get("/accounts/login/")
                assert page.status_code == 200
                assert "Secure" in page.headers["Set-Cookie"]
                assert page.headers["Strict-Transport-Security"].startswith("max-age=")
                assert browser.get("/metrics").status_code == 404
                assert "X-Request-ID" in page.headers
                token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text).group(1)
                home = browser.post(
                    "/accounts/login/",
                    data={
                        "login": centre.sign_ins["researcher"],
                        "password": "demonstration",
                        "csrfmiddlewaretoken": token,
                    },
                    headers={"Referer": f"{public}/accounts/login/"},
                )
                assert (home.status_code, home.headers["Location"]) == (302, "/home")
            with centre.client("researcher") as direct:
                secret = direct.tokens.issue(
                    email=centre.sign_ins["researcher"], password="demonstration", name="proxy"
                ).secret
                budget = next(iter(direct.budgets.list()))
            headers = {"Authorization": f"Bearer {secret}"}
            with httpx.Client(base_url=public, transport=transport, timeout=60, headers=headers) as api:
                folder = f"/api/v1/projects/{budget.project}/files"
                assert api.put(f"{folder}/big.bin", content=b"x" * 20_000_000).status_code in {200, 201}
                with Client(centre.url, secret) as direct:
                    job = submit(direct, budget, "stream", "sh", "-c", "echo one; until test -e go; do sleep 0.1; done")
                with api.stream("GET", f"/api/v1/jobs/{job.uid}/events") as events:
                    # The first line arrives while the job still runs: nothing on the way waits for the rest.
                    lines = iter(events.iter_lines())
                    assert any(line == "data: one" for line in lines)
                    assert api.put(f"{folder}/go", content=b"").status_code in {200, 201}
                    assert any(line == "event: end" for line in lines)
            plainly = httpx.get(f"http://127.0.0.1:{plain}/home", headers={"Host": NAME})
            assert plainly.is_redirect
            assert plainly.headers["Location"].startswith(f"https://{NAME}")
    finally:
        centre.stop()


class _ToLoopback(httpx.HTTPTransport):
    """Sends what is for the example's name to this machine, with the name kept for TLS and ``Host``."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return super().handle_request(
            httpx.Request(
                request.method,
                request.url.copy_with(host="127.0.0.1"),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": NAME},
            )
        )


def unit(name: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(DEPLOY / "systemd" / name)
    return parser["Service"]


def test_the_units_start_a_centre_and_its_jobs_outlive_the_worker(tmp_path):
    """Run as systemd would, but for the user: each unit's own command, and only the worker itself is stopped."""
    state, port = tmp_path / "state", free_port()
    environment = os.environ | {"AISC_STATE": str(state), "AISC_PORT": str(port)}
    subprocess.run([sys.executable, "-m", "aisc", "init", "--demo"], env=environment, check=True, capture_output=True)
    worker, web = unit("aisc-worker.service"), unit("aisc-web.service")
    assert worker["KillMode"] == "process"

    def start(service: configparser.SectionProxy) -> subprocess.Popen:
        command = shlex.split(service["ExecStart"].replace("--port 8000", f"--port {port}"))
        assert command[0] == "/opt/aisc/bin/aisc"
        with (tmp_path / "log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "aisc", *command[1:]], env=environment, stdout=log, stderr=log
            )

    processes = [start(web), start(worker)]
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: _ready(url))
        with Client(url) as stranger:
            token = stranger.tokens.issue(email="researcher@example.org", password="demonstration", name="test")
        with Client(url, token.secret) as client:
            budget = next(iter(client.budgets.list()))
            job = submit(client, budget, "outlives", "sh", "-c", "until test -e go; do sleep 0.1; done; echo done")
            until(lambda: client.jobs.get(job).state == "running")
            processes[1].send_signal(signal.SIGTERM)
            assert processes[1].wait(30) == 0
            client.files.upload(budget.project, io.BytesIO(b""), "go")
            processes[1] = start(worker)
            assert client.jobs.wait(job).state == "completed"
    finally:
        for process in processes:
            process.terminate()
        assert [process.wait(30) for process in processes] == [0, 0]


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    program = tmp_path / "aisc"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for file in (DEPLOY / "systemd").iterdir():
        copy = tmp_path / file.name
        copy.write_text(file.read_text().replace("/opt/aisc/bin/aisc", str(program)))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(copy)],
            capture_output=True,
            text=True,
        )
        wrong = [line for line in done.stderr.splitlines() if file.name in line]
        assert (done.returncode, wrong) == (0, []), done.stderr


def test_dashboard_and_alerts_ask_for_figures_that_exist(centre):
    """Every name in the dashboard and the alerts is told by a centre that has answered a page and run a task."""
    with centre.client("operator") as operator:
        secret = operator.tokens.issue(email=centre.sign_ins["operator"], password="demonstration", name="prom").secret
    httpx.get(f"{centre.url}/prices/")
    told = httpx.get(f"{centre.url}/metrics", headers={"Authorization": f"Bearer {secret}"}).text
    names = set(re.findall(r"^(aisc_[a-z_]+)", told, re.MULTILINE))
    dashboard = json.loads((DEPLOY / "grafana" / "aisc.json").read_text())
    asked = {
        name for panel in dashboard["panels"] for target in panel["targets"] for name in METRIC.findall(target["expr"])
    } | set(METRIC.findall((DEPLOY / "prometheus" / "alerts.yml").read_text()))
    assert asked - names - {"aisc_task_failures_total"} == set()  # told from the first failure on
    assert 'route="/prices/"' in told
    assert "aisc_task_seconds_count{task=" in told  # from the worker, another process
