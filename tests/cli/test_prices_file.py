"""A price list as a file: what the template says is what is read; slips end the command with what to do."""

from __future__ import annotations

from datetime import date

import pytest
import typer

from aisc.cli.user import price_file
from aisc.client.models.centre import Accelerator
from aisc.client.models.ledger import Price, PriceList

H800 = Accelerator(code="h800", name="NVIDIA H800", vendor="x", fp16_gflops=1, memory_mb=1, power_w=1)
B300 = Accelerator(code="b300", name="NVIDIA B300", vendor="x", fp16_gflops=1, memory_mb=1, power_w=1)
TODAY = date(2026, 7, 1)
GOOD = 'version = "2026-2"\neffective_from = 2026-07-01\n[prices]\n"accelerator:h800" = 15.50\n'


@pytest.fixture
def current():
    def price(meter: str, cents: int, **fields) -> Price:
        fields = {"name_en": meter, "name_zh": "", "per": 3_600_000, "unit": "ms"} | fields
        return Price(meter=meter, cents=cents, **fields)

    return PriceList(
        version="2026-1",
        currency="HKD",
        effective_from=date(2026, 1, 1),
        in_force=True,
        prices=[
            price("accelerator:h800", 2_005, accelerator="h800"),
            price("tokens:x", 30, name_en="", name_zh="詞元", unit="token", per=1_000_000),
        ],
    )


@pytest.fixture
def file(tmp_path):
    def write(text: str | bytes):
        path = tmp_path / "prices.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_the_template_holds_todays_prices_and_needs_only_a_version(current, file):
    text = price_file.template(current, [H800, B300], TODAY)
    assert '"accelerator:h800" = 20.05  # accelerator:h800\n' in text
    assert '"tokens:x" = 0.30  # 詞元, for 1,000,000 of the unit token\n' in text
    assert '# "accelerator:b300" = 0.00  # NVIDIA B300, has no price\n' in text
    assert price_file.read(file(text.replace('version = ""', 'version = "2026-2"'))) == {
        "version": "2026-2",
        "effective_from": TODAY,
        "illustrative": False,
        "note_en": "",
        "note_zh": "",
        "prices": {"accelerator:h800": 2_005, "tokens:x": 30},
    }


def test_the_template_of_the_first_list(file):
    text = price_file.template(None, [H800], TODAY)
    assert text.endswith('[prices]\n# "accelerator:h800" = 0.00  # NVIDIA H800, has no price\n')


@pytest.mark.parametrize(
    ("written", "cents"),
    [("15", 1500), ("15.5", 1550), ("0.1", 10), ('"1,200.50"', 120_050), ("0", 0), ("99999999.99", 9_999_999_999)],
)
def test_an_amount_is_exact(file, written, cents):
    assert price_file.read(file(GOOD.replace("15.50", written)))["prices"] == {"accelerator:h800": cents}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("15.50", "15.505"), "no amount of money"),
        (GOOD.replace("15.50", "-1"), "no amount of money"),
        (GOOD.replace("15.50", "1e3"), "no amount of money"),
        (GOOD.replace("15.50", "nan"), "no amount of money"),
        (GOOD.replace("15.50", "true"), "no amount of money"),
        (GOOD.replace("15.50", "[1]"), "no amount of money"),
        (GOOD.replace('"2026-2"', '""'), "“version” is missing"),
        (GOOD.replace('"2026-2"', "2.5"), "must be text"),
        (GOOD.replace("2026-07-01", "2026-07-01T00:00:00"), "must be a date"),
        (GOOD.replace("effective_from", "from"), "there is no “from”"),
        ('illustrative = "no"\n' + GOOD, "true or false"),
        ("prices = 5\n", "written as [prices]"),
        ('version = "x"\neffective_from = 2026-07-01\n[prices]\n', "“prices” is missing"),
        ("version = ", "is not good TOML"),
        (b"\xff", "is not good TOML"),
    ],
)
def test_a_slip_ends_the_command_and_says_what_to_do(file, capsys, text, words):
    with pytest.raises(typer.Exit) as stop:
        price_file.read(file(text))
    assert stop.value.exit_code == 2
    assert words in capsys.readouterr().err


def test_a_file_that_is_not_there(tmp_path, capsys):
    with pytest.raises(typer.Exit):
        price_file.read(tmp_path / "none.toml")
    assert "cannot be read" in capsys.readouterr().err
