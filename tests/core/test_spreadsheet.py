"""Lists as files: what a spreadsheet would run is text, and there is an end to it."""

from __future__ import annotations

from aisc.core import spreadsheet


def test_texts_are_guarded_and_numbers_stay_numbers():
    answer = spreadsheet.download("jobs", ("name", "cents"), [("=1+1", 5), ("海港", -7), ("a,b", 0)])
    assert answer.content.decode() == '\ufeffname,cents\r\n\'=1+1,5\r\n海港,-7\r\n"a,b",0\r\n'
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="jobs.csv"'


def test_a_file_ends(monkeypatch):
    monkeypatch.setattr(spreadsheet, "MOST", 2)
    text = spreadsheet.download("x", ("n",), ([number] for number in range(1000))).content.decode()
    assert text.split() == ["\ufeffn", "0", "1"]
