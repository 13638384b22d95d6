"""The whole way by the command line alone: sign-up, application, award, both templates, a command, both statements."""

from __future__ import annotations

import email
import email.policy
import json
import re

import pytest
from whole_centre import PASSWORD

OWN_PASSWORD = "harbour-lantern-42"


@pytest.fixture
def aisc(centre, tmp_path):
    """``aisc(who, *arguments)``: the command as somebody with a configuration of their own; answers its JSON."""

    def run(who: str, *arguments: str, code: int = 0, **options):
        options.setdefault("env", centre.environment | {"AISC_CONFIG": str(tmp_path / f"{who}.toml")})
        # The option goes before the command, so that it cannot end up behind a “--”.
        done = centre.aisc("--json", *arguments, check=False, **options)
        assert done.returncode == code, f"aisc {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        try:
            return json.loads(done.stdout)
        except ValueError:
            return done.stdout

    return run


def mailed_code(centre, address: str) -> str:
    """The confirmation code in the latest mail to ``address``."""
    for path in sorted((centre.state / "mail").glob("*.eml"), reverse=True):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if address in message["to"]:
            text = message.get_body(preferencelist=("plain",)).get_content()
            return re.search(r"\b([0-9A-Z]{4}-[0-9A-Z]{4})\b", text).group(1)
    raise AssertionError(f"no mail to {address}")


def test_from_sign_up_to_both_payers_statements(centre, aisc, tmp_path):
    address = "walker@example.net"
    asked = aisc(
        "walker",
        "signup",
        "--email",
        address,
        "--name",
        "吳行 Ng Hang",
        "--password-stdin",
        "--accept-terms",
        input=f"{OWN_PASSWORD}\n",
    )
    number = asked["sign_up"]
    aisc("walker", "signup", "--sign-up", number, "--code", mailed_code(centre, address))
    aisc("walker", "login", "--email", address, "--password-stdin", input=f"{OWN_PASSWORD}\n")
    for role in ("secretariat", "assessor", "committee", "finance"):
        aisc(role, "login", "--email", centre.sign_ins[role], "--password-stdin", input=f"{PASSWORD}\n")

    aisc("walker", "orgs", "new", "--name", "Walking Lab", "--name-zh", "步行實驗室", "--category", "startup")
    draft = aisc(
        "walker",
        *("apply", "new", "--org", "Walking Lab", "--name", "Gaits", "--name-zh", "步態"),
        *(
            "--summary",
            "How people walk.",
            "--summary-zh",
            "人怎樣走路。",
            "--justification",
            "Measured: 3 core-hours.",
        ),
        *("--starts", "2030-01-01", "--no-other-funding", "--team", f"Ng Hang;Lead;{address}", "--resource", "cpu:2:3"),
    )
    uid = draft["uid"]
    # The budget's first day must have come before a job can be paid from it.
    from datetime import datetime
    from zoneinfo import ZoneInfo

    today = datetime.now(ZoneInfo("Asia/Hong_Kong")).date()
    aisc("walker", "apply", "edit", uid, "--starts", today.isoformat())
    assert aisc("walker", "apply", "check", uid, code=1)["missing"] == ["Make the declaration."]
    aisc("walker", "apply", "submit", uid, "--declare")

    aisc("secretariat", "apply", "assign", uid, "Dr Amina Okafor")
    criteria = aisc("assessor", "calls", "show", draft["call"])["criteria"]
    scores = [word for criterion in criteria for word in ("--score", f"{criterion['code']}=7")]
    aisc("assessor", "apply", "review", uid, *scores, "--comment", "Sound.", "--recommend", "70%")
    aisc("committee", "apply", "decide", uid, "--approve", "--reasons", "Useful.", "--share", "70%")
    letter = tmp_path / "letter.pdf"
    aisc("walker", "apply", "letter", uid, "-o", str(letter))
    assert letter.read_bytes().startswith(b"%PDF-")
    aisc("walker", "apply", "accept", uid)

    (budget,) = aisc("walker", "budgets", "list")
    assert (budget["scheme_bps"], budget["charged_cents"]) == (7000, 0)
    for template in ("digits-classifier", "photographs"):
        aisc("walker", "run", "--yes", "--budget", budget["uid"], "--time", "5m", "--template", template)
    script = tmp_path / "train.py"
    script.write_text("import sys, time\nprint('epochs', sys.argv[1:], flush=True)\ntime.sleep(6)\nsys.exit(3)\n")
    words = ("run", "--yes", "--budget", budget["uid"], "-a", "cpu", "-c", "2", "--time", "10m", "--")
    aisc("walker", *words, "python", "train.py", "--epochs", "3", code=3, cwd=tmp_path)
    jobs = aisc("walker", "jobs", "list")
    assert [job["state"] for job in jobs] == ["failed", "completed", "completed"]

    (budget,) = aisc("walker", "budgets", "list")
    assert budget["held_cents"] == 0
    # Two cores for at least six seconds at HK$3.60 an hour.
    assert budget["charged_cents"] >= 1
    issued = aisc(
        "finance", "statement", "issue", budget["uid"], "--from", today.isoformat(), "--to", today.isoformat()
    )
    statements = issued["statements"]
    assert {each["payer"] for each in statements} == {"scheme", "applicant"}
    assert sum(each["payer_cents"] for each in statements) == issued["list_cents"] == budget["charged_cents"]
    paper = tmp_path / "statement.pdf"
    aisc("walker", "statement", "pdf", statements[0]["number"], "-o", str(paper))
    assert paper.read_bytes().startswith(b"%PDF-")
    proof = aisc("operator", "ledger", "prove")
    assert proof["ok"] is True
