"""The digits classifier, run for real."""

import csv
import json

import joblib
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

OUTPUTS = [
    "confusion-matrix.png",
    "confusion-matrix.svg",
    "learning-curve.png",
    "learning-curve.svg",
    "metrics.json",
    "model.joblib",
    "report.html",
]


@pytest.fixture(scope="module")
def ended(shared_workspace):
    return shared_workspace.run("digits-classifier", epochs=15, output="first")


@pytest.fixture
def first(ended, shared_workspace):
    return shared_workspace.path / "first"


def metrics_of(folder):
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def write_csv(path, rows, head=()):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([*head, *rows])


def rows_of_digits(count):
    digits = load_digits()
    return [[*map(int, pixels), int(label)] for pixels, label in zip(digits.data, digits.target, strict=True)][:count]


def test_it_ends_well_and_leaves_what_the_template_promises(ended, first):
    assert (ended.code, ended.errors) == (0, "")
    assert sorted(each.name for each in first.iterdir()) == OUTPUTS
    assert "Epoch 15 of 15: loss " in ended.output
    assert ended.progress["done"] == ended.progress["total"] == 17
    assert ended.progress["message"].startswith("Done: accuracy 9")


def test_the_figures_agree_with_each_other(first):
    metrics = metrics_of(first)
    assert metrics["accuracy"] > 0.9
    assert metrics["accuracy"] == metrics["correct"] / metrics["test_pictures"]
    low, high = metrics["accuracy_interval"]
    assert 0.85 < low < metrics["accuracy"] < high < 1
    confusion = np.array(metrics["confusion"])
    assert (confusion.trace(), confusion.sum()) == (metrics["correct"], 360)
    assert [row["pictures"] for row in metrics["per_class"]] == confusion.sum(axis=1).tolist()
    assert metrics["split"] == {"train": 1077, "validation": 360, "test": 360}
    assert [row["epoch"] for row in metrics["history"]] == list(range(1, 16))
    best = max(metrics["history"], key=lambda row: (row["validation_accuracy"], -row["validation_loss"]))
    assert best["epoch"] == metrics["best_epoch"]
    assert metrics["baseline"]["accuracy"] < 0.15


def test_the_model_reads_raw_pixels_as_well_as_it_says(first):
    digits = load_digits()
    model = joblib.load(first / "model.joblib")
    assert (model.predict(digits.data) == digits.target).mean() > 0.95


def test_the_pictures(first):
    for name in ("learning-curve", "confusion-matrix"):
        with Image.open(first / f"{name}.png") as picture:
            assert min(picture.size) > 500
            assert len(picture.convert("L").getcolors()) > 20
        svg = (first / f"{name}.svg").read_text(encoding="utf-8")
        assert svg.startswith("<?xml")
        assert "<text" not in svg  # letters are drawn, so no font is needed to see them


def test_the_report(first, read_page):
    page = read_page(first / "report.html")
    metrics = metrics_of(first)
    assert page.lang == "en"
    assert f"{metrics['correct']} of 360 pictures" in page.text
    assert metrics["weights_sha256"] in page.text
    assert "scikit-learn" in page.text
    assert "was stopped" not in page.text
    assert "prefers-color-scheme:dark" in (first / "report.html").read_text(encoding="utf-8")


def test_the_report_in_chinese(workspace, read_page):
    ended = workspace.run("digits-classifier", epochs=2, language="zh-hant", output="數字")
    assert (ended.code, ended.errors) == (0, "")
    assert "第 2 輪，共 2 輪：損失" in ended.output
    page = read_page(workspace.path / "數字" / "report.html")
    assert page.lang == "zh-Hant-HK"
    assert "手寫數字：訓練報告" in page.text
    assert "95% 置信區間" in page.text
    for english in ("Accuracy", "Recall", "Epoch", "Settings", "Time"):
        assert english not in page.text


def test_the_same_seed_gives_the_same_model(ended, first, shared_workspace):
    shared_workspace.run("digits-classifier", epochs=15, output="again")
    shared_workspace.run("digits-classifier", epochs=15, output="other", seed=7)
    again, other = (metrics_of(shared_workspace.path / name) for name in ("again", "other"))
    changing = ("timings_s",)
    assert {k: v for k, v in metrics_of(first).items() if k not in changing} == {
        k: v for k, v in again.items() if k not in changing
    }
    for name in ("learning-curve.svg", "learning-curve.png", "confusion-matrix.svg", "model.joblib"):
        assert (first / name).read_bytes() == (shared_workspace.path / "again" / name).read_bytes()
    assert other["weights_sha256"] != again["weights_sha256"]


def test_stopped_and_started_again_it_ends_as_if_it_had_not_been(workspace, read_page):
    settings = {"epochs": 150, "hidden": "32,16"}
    stopped = workspace.stop_when(workspace.start("digits-classifier", **settings), "Epoch 5 of")
    folder = workspace.path / "digits"
    assert stopped.code == 143
    half = metrics_of(folder)
    assert not half["finished"]
    assert 5 <= half["epochs_run"] < 150
    assert stopped.progress["done"] == half["epochs_run"]
    assert "This run was stopped after epoch" in read_page(folder / "report.html").text
    assert (folder / "checkpoint.joblib").exists()

    ended = workspace.run("digits-classifier", **settings)
    assert ended.code == 0
    assert f"Resumed after epoch {half['epochs_run']}" in ended.output
    assert not (folder / "checkpoint.joblib").exists()
    whole = metrics_of(folder)
    assert whole["history"][: half["epochs_run"]] == half["history"]

    workspace.run("digits-classifier", **settings, output="at-once")
    at_once = metrics_of(workspace.path / "at-once")
    assert whole["weights_sha256"] == at_once["weights_sha256"]
    assert whole["history"] == at_once["history"]


def test_a_checkpoint_of_something_else_is_not_used(workspace):
    (workspace.path / "digits").mkdir()
    (workspace.path / "digits" / "checkpoint.joblib").write_bytes(b"not a checkpoint")
    ended = workspace.run("digits-classifier", epochs=1)
    assert ended.code == 0
    assert metrics_of(workspace.path / "digits")["resumed_from_epoch"] == 0


def test_own_data(workspace, read_page):
    head = [[*(f"pixel_{number}" for number in range(64)), "digit"]]
    write_csv(workspace.path / "<mine>.csv", rows_of_digits(600), head)
    ended = workspace.run("digits-classifier", data="<mine>.csv", epochs=20)
    assert (ended.code, ended.errors) == (0, "")
    assert metrics_of(workspace.path / "digits")["dataset"]["rows"] == 600
    assert "<mine>.csv, 600 pictures" in read_page(workspace.path / "digits" / "report.html").text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[3].pop(), "Line 4 of “d.csv” has 64 columns; there must be 65: 64 pixels, then the digit."),
        (lambda rows: rows[3].__setitem__(5, 17), "Line 4 of “d.csv”: “17” is not a number from 0 to 16."),
        (lambda rows: rows[3].__setitem__(5, "nan"), "Line 4 of “d.csv”: “nan” is not a number from 0 to 16."),
        (lambda rows: rows[3].__setitem__(64, 10), "Line 4 of “d.csv”: “10” is not a digit from 0 to 9."),
        (lambda rows: rows.__delitem__(slice(20, None)), "“d.csv” needs two digits or more"),
        (lambda rows: rows.clear(), "there are 0."),
    ],
)
def test_data_that_cannot_be_used(workspace, change, message):
    rows = rows_of_digits(400)
    change(rows)
    write_csv(workspace.path / "d.csv", rows)
    ended = workspace.run("digits-classifier", data="d.csv")
    assert ended.code == 2
    assert message in ended.errors
    assert len(ended.errors.splitlines()) == 1


def test_data_that_is_not_there_or_not_text(workspace):
    (workspace.path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    assert workspace.run("digits-classifier", data="none.csv", language="zh-hant").errors == (
        "工作區內沒有檔案「none.csv」。\n"
    )
    assert workspace.run("digits-classifier", data="binary.csv").errors == "“binary.csv” cannot be read as text.\n"


def test_a_learning_rate_that_is_far_too_large_still_ends(workspace):
    ended = workspace.run("digits-classifier", epochs=3, learning_rate=1)
    assert ended.code == 0
    metrics = metrics_of(workspace.path / "digits")
    assert metrics["accuracy"] < 0.9  # and the report says so


def test_results_that_cannot_be_written(workspace):
    (workspace.path / "digits").write_text("a file is in the way")
    ended = workspace.run("digits-classifier", epochs=1)
    assert ended.code == 1
    assert ended.errors.startswith("The results could not be written: ")
