"""From the command line alone, the whole way: from sign-up to both payers' statements."""

from __future__ import annotations

import json
import re
import uuid


def test_from_sign_up_to_both_payers_statements(command, aisc, centre, home):
    address = f"{uuid.uuid4().hex[:10]}@example.org"
    password = "a long enough phrase"

    def me(*arguments: str, **options):
        return command(*arguments, AISC_URL=centre.url, **options)

    # An account, an organisation
    asked = me(
        "signup", "--email", address, "--name", "陳大文", "--password-stdin", "--accept-terms", "--json", input=password
    ).json
    me("signup", "--sign-up", asked["sign_up"], "--code", centre.mailed_code(address))
    me("login", "--email", address, "--password-stdin", input=password)
    me("orgs", "new", "--name", "Tide Lab", "--name-zh", "潮汐實驗室", "--category", "startup")

    # An application, and everybody's part in it
    (home / "application.toml").write_text(
        f"""
        call = "Open call for AI computing"
        name_en = "Tides of the harbour"
        name_zh = "海港潮汐"
        summary_en = "A model of the tides, for small boats."
        summary_zh = "為小船而設的潮汐模型。"
        starts_on = {centre.today()}
        justification = "One run was measured at 6 core-seconds; many are planned."
        other_funding = false
        [[team]]
        name = "陳大文"
        role = "Principal investigator"
        email = "{address}"
        [[resources]]
        accelerator = "cpu"
        count = 2
        months = 1
        """
    )
    uid = me("apply", "new", "--file", "application.toml", "--json").json["uid"]
    assert me("apply", "check", uid, code=1).out == "- Make the declaration.\n"
    me("apply", "submit", uid, "--declare")
    aisc("apply", "assign", uid, "Dr Amina Okafor", who="secretariat")
    scores = ["--score", "alignment=9", "--score", "compute=8", "--score", "placeholder=7"]
    aisc("apply", "review", uid, *scores, "--comment", "Sound.", "--recommend", "70%", who="assessor")
    aisc("apply", "decide", uid, "--approve", "--share", "70%", "--reasons", "Of use.", who="committee")
    me("apply", "letter", uid, "-o", "letter.pdf")
    award = me("apply", "accept", uid, "--json").json["award"]

    # A job, on a budget that two pay for
    me("budgets", "use", award["budget"])
    (home / "tide.py").write_text("import time; time.sleep(5.1); print('high water 14:32')\n")
    ran = me("run", "--count", "2", "--time", "1m", "--name", "First tide", "--json", "python", "tide.py").json
    assert (ran["exit_code"], ran["job"]["project"]) == (0, award["project"])
    assert me("logs").out == "high water 14:32\n"
    cost = ran["job"]["cost"]
    assert cost["list_cents"] == cost["scheme_cents"] + cost["applicant_cents"] > 0

    # What each of them owes, from the same line of the journal
    aisc("statement", "issue", award["budget"], "--to", centre.today(), who="finance")
    owed = {each["payer"]: each for each in me("statement", "--json").json}
    assert {payer: each["payer_cents"] for payer, each in owed.items()} == {
        "scheme": cost["scheme_cents"],
        "applicant": cost["applicant_cents"],
    }
    for payer, each in owed.items():
        me("statement", "pdf", each["number"], "-o", f"{payer}.pdf")
        assert (home / f"{payer}.pdf").read_bytes().startswith(b"%PDF-")
    assert re.search(r"scheme: HK\$0\.\d\d", me("statement", "show", owed["scheme"]["number"]).out)
    (notice, *_) = json.loads(me("notices", "--json").out)
    assert notice["text"]
