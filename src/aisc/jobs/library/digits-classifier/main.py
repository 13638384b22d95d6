"""Train a classifier of handwritten digits, measure it honestly, and write a report.

    python main.py --epochs=30 --output=digits --language=zh-hant

A job template of AISC: it stands alone, reads and writes below the working directory, and can be stopped
(SIGTERM: what there is gets written, exit code 143) and started again, when it goes on where it stopped.
Exit code 2 means that the options or the data cannot be used.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import html
import io
import json
import math
import os
import platform
import re
import signal
import sys
import time
from pathlib import Path

import joblib
import matplotlib as mpl
import numpy as np
import sklearn
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib import font_manager
from matplotlib.ticker import PercentFormatter

VERSION = "1.0.0"
PIXELS, DARKEST = 64, 16
MAX_ROWS = 200_000
LEAST_PER_CLASS = 10
WRONG_SHOWN = 12
CHECKPOINT = "checkpoint.joblib"
Z95 = 1.959963984540054

EN = {
    "lang": "en",
    "title": "Handwritten digits: training report",
    "kicker": "AISC job template · digits-classifier {version}",
    "headline": "{correct} of {test} pictures the model had never seen were read correctly.",
    "accuracy": "Accuracy",
    "interval": "95 % confidence interval",
    "of": "{low} to {high}",
    "baseline": "Always saying “{label}” would reach",
    "best_epoch": "Best epoch, by validation",
    "stopped": "This run was stopped after epoch {epoch} of {epochs}. The figures are those of the model so far. "
    "Start the job again with the same settings to go on from here.",
    "resumed": "Resumed after epoch {epoch} of an earlier run.",
    "curve": "How it learned",
    "curve_text": "The model that is kept is the one of epoch {best}, which did best on the validation pictures. "
    "It was then measured once on the test pictures.",
    "curve_alt": "Learning curve: accuracy and loss on training and validation pictures by epoch. "
    "The table below holds the same figures.",
    "curve_table": "The same as a table",
    "epoch": "Epoch",
    "loss": "Loss",
    "training": "training",
    "validation": "validation",
    "training_accuracy": "Training accuracy",
    "validation_accuracy": "Validation accuracy",
    "training_loss": "Training loss",
    "validation_loss": "Validation loss",
    "best": "best: epoch {best}",
    "classes": "Digit by digit",
    "digit": "Digit",
    "pictures": "Test pictures",
    "correct": "Read correctly",
    "recall": "Recall",
    "recall_interval": "95 % interval",
    "precision": "Precision",
    "f1": "F1",
    "classes_text": "Recall: of the pictures that show this digit, how many were read as it. "
    "Precision: of the pictures read as this digit, how many are it. "
    "The intervals are wide because there are few test pictures of each digit.",
    "confusion": "What was taken for what",
    "confusion_text": "Rows: the digit in the picture. Columns: what the model read. Zeros are left empty.",
    "true_digit": "Digit in the picture",
    "read_as": "Read as",
    "wrong": "The pictures it got wrong",
    "wrong_text": "{shown} of {count}. The caption gives the digit in the picture, then what the model read.",
    "wrong_none": "None.",
    "wrong_alt": "Picture of the digit {truth}, read as {read}",
    "how": "How this was done",
    "dataset": "Data",
    "built_in": "Handwritten digits that come with scikit-learn (a copy of the test part of UCI “Optical Recognition "
    "of Handwritten Digits”), {rows} pictures of 8 × 8 pixels",
    "own": "{name}, {rows} pictures of 8 × 8 pixels",
    "split": "Split",
    "split_text": "{train} to train, {validation} to choose the best epoch, {test} to test; drawn at random within "
    "each digit",
    "model": "Model",
    "model_text": "Neural network, hidden layers {hidden}, {weights} weights, Adam, batches of {batch}",
    "settings": "Settings",
    "settings_text": "{epochs} epochs, learning rate {rate}, seed {seed}",
    "timings": "Time",
    "timings_text": "data {data} s, training {training} s ({per_epoch} ms an epoch), measuring {measuring} s, "
    "pictures {pictures} s; {cpus} CPU cores",
    "versions": "Versions",
    "fingerprint": "SHA-256 of the weights",
    "fingerprint_data": "SHA-256 of the data",
    "limits": "What these figures do not say",
    "limits_text": "The pictures were split at random, so the same people's handwriting can be in training and in "
    "test: expect less with new writers. The interval covers chance in drawing the test pictures, not differences "
    "between this data and yours. Load the model only if you trust where it came from: a joblib file can run "
    "code.",
    "loading": "Reading the data",
    "progress": "Epoch {epoch} of {epochs}: loss {loss:.4f}, validation accuracy {accuracy}",
    "measuring": "Measuring on the test pictures",
    "writing": "Writing the report",
    "done": "Done: accuracy {accuracy} (95 %: {interval}). See {report}",
    "halted": "Stopped after epoch {epoch}. What there is has been written; start again to go on.",
    "halted_early": "Stopped before the first epoch had ended. Nothing was written.",
    "diverged": "The training diverged in epoch {epoch}: the weights became too large. Try a lower learning rate.",
    "no_file": "There is no file “{file}” in the workspace.",
    "unreadable": "“{file}” cannot be read as text.",
    "too_many": "“{file}” has more than {max} lines.",
    "bad_columns": "Line {line} of “{file}” has {found} columns; there must be 65: 64 pixels, then the digit.",
    "bad_number": "Line {line} of “{file}”: “{value}” is not a number from 0 to 16.",
    "bad_digit": "Line {line} of “{file}”: “{value}” is not a digit from 0 to 9.",
    "too_few": "“{file}” needs two digits or more, and at least {least} pictures of each; there are {found}.",
    "disk": "The results could not be written: {error}",
}
ZH = {
    "lang": "zh-Hant-HK",
    "title": "手寫數字：訓練報告",
    "kicker": "AISC 作業範本 · digits-classifier {version}",
    "headline": "在模型從未見過的 {test} 張圖像中，正確辨認了 {correct} 張。",
    "accuracy": "準確率",
    "interval": "95% 置信區間",
    "of": "{low} 至 {high}",
    "baseline": "一律回答「{label}」可達",
    "best_epoch": "驗證表現最佳的一輪",
    "stopped": "這次作業在 {epochs} 輪中的第 {epoch} 輪後停止，以下是截至該輪的模型所得的數字。"
    "以相同設定再次啟動作業，便會由此繼續。",
    "resumed": "由較早一次作業的第 {epoch} 輪之後繼續。",
    "curve": "學習過程",
    "curve_text": "保留的是第 {best} 輪的模型，它在驗證圖像上表現最好；其後只以測試圖像量度一次。",
    "curve_alt": "學習曲線：各輪在訓練及驗證圖像上的準確率與損失。下表載有相同數字。",
    "curve_table": "以表格顯示",
    "epoch": "輪次",
    "loss": "損失",
    "training": "訓練",
    "validation": "驗證",
    "training_accuracy": "訓練準確率",
    "validation_accuracy": "驗證準確率",
    "training_loss": "訓練損失",
    "validation_loss": "驗證損失",
    "best": "最佳：第 {best} 輪",
    "classes": "逐個數字",
    "digit": "數字",
    "pictures": "測試圖像",
    "correct": "正確辨認",
    "recall": "召回率",
    "recall_interval": "95% 區間",
    "precision": "精確率",
    "f1": "F1",
    "classes_text": "召回率：寫着該數字的圖像中，有多少被認作該數字。精確率：被認作該數字的圖像中，有多少確實是該數字。"
    "每個數字的測試圖像不多，因此區間較闊。",
    "confusion": "哪個數字被認作哪個",
    "confusion_text": "橫行：圖像中的數字。直行：模型所認的數字。零則留空。",
    "true_digit": "圖像中的數字",
    "read_as": "模型所認",
    "wrong": "認錯的圖像",
    "wrong_text": "共 {count} 張，列出 {shown} 張。說明先列圖像中的數字，後列模型所認的數字。",
    "wrong_none": "沒有。",
    "wrong_alt": "數字 {truth} 的圖像，被認作 {read}",
    "how": "方法",
    "dataset": "數據",
    "built_in": "scikit-learn 內附的手寫數字（UCI「Optical Recognition of Handwritten Digits」測試部分的副本），"
    "共 {rows} 張 8 × 8 像素的圖像",
    "own": "{name}，共 {rows} 張 8 × 8 像素的圖像",
    "split": "劃分",
    "split_text": "{train} 張用於訓練，{validation} 張用於選出最佳一輪，{test} 張用於測試；在每個數字之內隨機抽取",
    "model": "模型",
    "model_text": "神經網絡，隱藏層 {hidden}，共 {weights} 個權重，Adam，每批 {batch} 張",
    "settings": "設定",
    "settings_text": "{epochs} 輪，學習率 {rate}，隨機種子 {seed}",
    "timings": "時間",
    "timings_text": "讀取數據 {data} 秒，訓練 {training} 秒（每輪 {per_epoch} 毫秒），量度 {measuring} 秒，"
    "繪圖 {pictures} 秒；{cpus} 個 CPU 核心",
    "versions": "版本",
    "fingerprint": "權重的 SHA-256",
    "fingerprint_data": "數據的 SHA-256",
    "limits": "這些數字沒有說明的事",
    "limits_text": "圖像是隨機劃分的，同一人的字跡可能同時出現在訓練與測試之中；遇上新的書寫者，表現應會較低。"
    "置信區間只涵蓋抽取測試圖像的偶然性，不涵蓋這批數據與你的數據之間的差異。"
    "joblib 檔案可以執行程式碼，只應載入來源可信的模型。",
    "loading": "正在讀取數據",
    "progress": "第 {epoch} 輪，共 {epochs} 輪：損失 {loss:.4f}，驗證準確率 {accuracy}",
    "measuring": "正以測試圖像量度",
    "writing": "正在撰寫報告",
    "done": "完成：準確率 {accuracy}（95%：{interval}）。請看 {report}",
    "halted": "已在第 {epoch} 輪後停止，並寫下現有結果；再次啟動便會繼續。",
    "halted_early": "在首輪完成前已停止，沒有寫下任何結果。",
    "diverged": "訓練在第 {epoch} 輪發散：權重變得太大。請調低學習率。",
    "no_file": "工作區內沒有檔案「{file}」。",
    "unreadable": "無法以文字讀取「{file}」。",
    "too_many": "「{file}」超過 {max} 行。",
    "bad_columns": "「{file}」第 {line} 行有 {found} 欄；應有 65 欄：64 個像素，最後是數字。",
    "bad_number": "「{file}」第 {line} 行：「{value}」不是 0 至 16 的數值。",
    "bad_digit": "「{file}」第 {line} 行：「{value}」不是 0 至 9 的數字。",
    "too_few": "「{file}」須有兩個或以上的數字，每個至少 {least} 張圖像；現有：{found}。",
    "disk": "無法寫入結果：{error}",
}
ZH_HANS = {
    "lang": "zh-Hans-CN",
    "title": "手写数字：训练报告",
    "kicker": "AISC 作业模板 · digits-classifier {version}",
    "headline": "在模型从未见过的 {test} 张图像中，正确识别了 {correct} 张。",
    "accuracy": "准确率",
    "interval": "95% 置信区间",
    "of": "{low} 至 {high}",
    "baseline": "一律回答“{label}”可达",
    "best_epoch": "验证表现最佳的一轮",
    "stopped": "这次作业在 {epochs} 轮中的第 {epoch} 轮后停止，以下是截至该轮的模型所得的数据。"
    "以相同设置再次启动作业，会从此处继续。",
    "resumed": "从较早一次作业的第 {epoch} 轮之后继续。",
    "curve": "学习过程",
    "curve_text": "保留的是第 {best} 轮的模型，它在验证图像上表现最好；其后只以测试图像测量一次。",
    "curve_alt": "学习曲线：各轮在训练及验证图像上的准确率与损失。下表载有相同数据。",
    "curve_table": "以表格显示",
    "epoch": "轮次",
    "loss": "损失",
    "training": "训练",
    "validation": "验证",
    "training_accuracy": "训练准确率",
    "validation_accuracy": "验证准确率",
    "training_loss": "训练损失",
    "validation_loss": "验证损失",
    "best": "最佳：第 {best} 轮",
    "classes": "逐个数字",
    "digit": "数字",
    "pictures": "测试图像",
    "correct": "正确识别",
    "recall": "召回率",
    "recall_interval": "95% 区间",
    "precision": "精确率",
    "f1": "F1",
    "classes_text": "召回率：写着该数字的图像中，有多少被认作该数字。精确率：被认作该数字的图像中，有多少确实是该数字。"
    "每个数字的测试图像不多，因此区间较宽。",
    "confusion": "哪个数字被认作哪个",
    "confusion_text": "每行：图像中的数字。每列：模型识别结果的数字。零则留空。",
    "true_digit": "图像中的数字",
    "read_as": "模型识别结果",
    "wrong": "认错的图像",
    "wrong_text": "共 {count} 张，列出 {shown} 张。说明先列图像中的数字，后列模型识别结果的数字。",
    "wrong_none": "没有。",
    "wrong_alt": "数字 {truth} 的图像，被认作 {read}",
    "how": "方法",
    "dataset": "数据",
    "built_in": "scikit-learn 自带的手写数字（UCI“Optical Recognition of Handwritten Digits”测试部分的副本），"
    "共 {rows} 张 8 × 8 像素的图像",
    "own": "{name}，共 {rows} 张 8 × 8 像素的图像",
    "split": "划分",
    "split_text": "{train} 张用于训练，{validation} 张用于选出最佳一轮，{test} 张用于测试；在每个数字之内随机抽取",
    "model": "模型",
    "model_text": "神经网络，隐藏层 {hidden}，共 {weights} 个权重，Adam，每批 {batch} 张",
    "settings": "设置",
    "settings_text": "{epochs} 轮，学习率 {rate}，随机种子 {seed}",
    "timings": "时间",
    "timings_text": "读取数据 {data} 秒，训练 {training} 秒（每轮 {per_epoch} 毫秒），测量 {measuring} 秒，"
    "绘图 {pictures} 秒；{cpus} 个 CPU 核心",
    "versions": "版本",
    "fingerprint": "权重的 SHA-256",
    "fingerprint_data": "数据的 SHA-256",
    "limits": "这些数据没有说明的事",
    "limits_text": "图像是随机划分的，同一人的字迹可能同时出现在训练与测试之中；遇上新的书写者，表现应会较低。"
    "置信区间只涵盖抽取测试图像的偶然性，不涵盖这批数据与您的数据之间的差异。"
    "joblib 文件可以执行代码，只应加载来源可信的模型。",
    "loading": "正在读取数据",
    "progress": "第 {epoch} 轮，共 {epochs} 轮：损失 {loss:.4f}，验证准确率 {accuracy}",
    "measuring": "正在用测试图像测量",
    "writing": "正在撰写报告",
    "done": "完成：准确率 {accuracy}（95%：{interval}）。请查看 {report}",
    "halted": "已在第 {epoch} 轮后停止，并写下现有结果；再次启动便会继续。",
    "halted_early": "在首轮完成前已停止，没有写下任何结果。",
    "diverged": "训练在第 {epoch} 轮发散：权重变得太大。请调低学习率。",
    "no_file": "工作区内没有文件“{file}”。",
    "unreadable": "无法以文本读取“{file}”。",
    "too_many": "“{file}”超过 {max} 行。",
    "bad_columns": "“{file}”第 {line} 行有 {found} 列；应有 65 列：64 个像素，最后是数字。",
    "bad_number": "“{file}”第 {line} 行：“{value}”不是 0 至 16 的数值。",
    "bad_digit": "“{file}”第 {line} 行：“{value}”不是 0 至 9 的数字。",
    "too_few": "“{file}”须有两个或更多数字，每个至少 {least} 张图像；现有：{found}。",
    "disk": "无法写入结果：{error}",
}
TEXTS = {"en": EN, "zh-hant": ZH, "zh-hans": ZH_HANS}


class DataError(Exception):
    """The data cannot be used; the message is for the person who uploaded it."""


# Progress, and being stopped


class Progress:
    """Says how far the work is: to people on standard output, to AISC in the file it names."""

    def __init__(self, total: int) -> None:
        self.total, self.path = total, os.environ.get("AISC_PROGRESS", "")

    def say(self, done: int, message: str) -> None:
        print(message, flush=True)
        if not self.path:
            return
        fact = {"done": min(done, self.total), "total": self.total, "message": message}
        try:
            write(Path(self.path), json.dumps(fact, ensure_ascii=False))
        except OSError as error:  # the work matters more than saying how far it is
            print(f"AISC_PROGRESS: {error}", file=sys.stderr, flush=True)


class Stop:
    """Set by SIGTERM (and Ctrl-C); asked between epochs."""

    asked = False

    @classmethod
    def listen(cls) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, cls._ask)

    @classmethod
    def _ask(cls, number: int, frame: object) -> None:
        cls.asked = True


def write(path: Path, content: str | bytes) -> None:
    """Write all of ``content`` or nothing."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


# Data


def load(path: str, text: dict[str, str]) -> tuple[np.ndarray, np.ndarray, str]:
    """Pixels (0 to 16), digits, and a line that says where they are from."""
    if not path:
        digits = load_digits()
        return digits.data, digits.target, text["built_in"].format(rows=len(digits.target))
    pixels, labels = read_csv(Path(path), text)
    return pixels, labels, text["own"].format(name=path, rows=len(labels))


def read_csv(file: Path, text: dict[str, str]) -> tuple[np.ndarray, np.ndarray]:
    def fail(key: str, **values: object) -> DataError:
        return DataError(text[key].format(file=file, **values))

    if not file.is_file():
        raise fail("no_file")
    pixels, labels = [], []
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for line, row in enumerate(csv.reader(lines), 1):
                if not row or (line == 1 and not _is_number(row[0])):
                    continue  # an empty line, or the names of the columns
                if len(row) != PIXELS + 1:
                    raise fail("bad_columns", line=line, found=len(row))
                for value in row[:PIXELS]:
                    if not _is_number(value) or not 0 <= float(value) <= DARKEST:
                        raise fail("bad_number", line=line, value=value[:20])
                if not _is_number(row[PIXELS]) or float(row[PIXELS]) not in range(10):
                    raise fail("bad_digit", line=line, value=row[PIXELS][:20])
                pixels.append([float(value) for value in row[:PIXELS]])
                labels.append(int(float(row[PIXELS])))
                if len(labels) > MAX_ROWS:
                    raise fail("too_many", max=MAX_ROWS)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise fail("unreadable") from error
    found = {int(label): labels.count(label) for label in sorted(set(labels))}
    if len(found) < 2 or min(found.values()) < LEAST_PER_CLASS:
        raise fail("too_few", least=LEAST_PER_CLASS, found=", ".join(f"{k}: {v}" for k, v in found.items()) or "0")
    return np.array(pixels), np.array(labels)


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def split(pixels: np.ndarray, labels: np.ndarray, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Three fifths to train, one to choose the epoch, one to test; each digit in the same proportion."""
    rest, test, rest_labels, test_labels = train_test_split(
        pixels, labels, test_size=0.2, random_state=seed, stratify=labels
    )
    train, check, train_labels, check_labels = train_test_split(
        rest, rest_labels, test_size=0.25, random_state=seed, stratify=rest_labels
    )
    return {
        "train": (train, train_labels),
        "validation": (check, check_labels),
        "test": (test, test_labels),
    }


# Training


class Training:
    """The model as it learns: everything that is needed to go on after a stop."""

    def __init__(self, hidden: tuple[int, ...], rate: float, seed: int) -> None:
        self.model = MLPClassifier(hidden_layer_sizes=hidden, learning_rate_init=rate, batch_size=32, random_state=seed)
        self.history: list[dict[str, float]] = []
        self.best = 0  # epoch, from 1
        self.best_weights: tuple[list[np.ndarray], list[np.ndarray]] | None = None
        self.seconds = 0.0
        self.resumed_from = 0

    def epoch(self, parts: dict[str, tuple[np.ndarray, np.ndarray]], classes: np.ndarray) -> dict[str, float]:
        began = time.perf_counter()
        (train, train_labels), (check, check_labels) = parts["train"], parts["validation"]
        self.model.partial_fit(train, train_labels, classes=classes)
        row = {
            "epoch": len(self.history) + 1,
            "training_loss": float(self.model.loss_),
            "validation_loss": float(log_loss(check_labels, self.model.predict_proba(check), labels=classes)),
            "training_accuracy": float(self.model.score(train, train_labels)),
            "validation_accuracy": float(self.model.score(check, check_labels)),
        }
        self.history.append(row)

        def merit(each: dict[str, float]) -> tuple[float, float]:
            return each["validation_accuracy"], -each["validation_loss"]

        if not self.best or merit(row) > merit(self.history[self.best - 1]):
            self.best = row["epoch"]
            self.best_weights = (
                [each.copy() for each in self.model.coefs_],
                [each.copy() for each in self.model.intercepts_],
            )
        self.seconds += time.perf_counter() - began
        return row

    def keep_best(self) -> MLPClassifier:
        self.model.coefs_, self.model.intercepts_ = self.best_weights
        return self.model


def resume(file: Path, settings: dict[str, object], epochs: int) -> Training | None:
    """The training that a stopped run left in ``file``, if it was this one.

    A checkpoint holds Python objects. It is read from the job's own output folder, where whoever could put
    another there can start jobs anyway.
    """
    try:
        saved = joblib.load(file)
        if saved["settings"] != settings:
            return None
        training = Training(settings["hidden"], settings["rate"], settings["seed"])
        training.__dict__.update(saved["training"])
    except Exception:  # missing, cut short, or of another version: begin again
        return None
    if not 0 < len(training.history) < epochs:
        return None
    training.resumed_from = len(training.history)
    return training


def save_checkpoint(file: Path, settings: dict[str, object], training: Training) -> None:
    buffer = io.BytesIO()
    joblib.dump({"settings": settings, "training": training.__dict__}, buffer)
    write(file, buffer.getvalue())


# Measuring


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a proportion, by Wilson's score; sensible near 0 and 1 and for few pictures."""
    if not of:
        return 0.0, 1.0
    share, z2 = hits / of, Z95**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def measure(truth: np.ndarray, read: np.ndarray, classes: np.ndarray) -> dict[str, object]:
    table = confusion_matrix(truth, read, labels=classes)
    hits, of = int(np.trace(table)), int(table.sum())
    rows = []
    for index, label in enumerate(classes):
        own, pictures, named = int(table[index, index]), int(table[index].sum()), int(table[:, index].sum())
        recall = own / pictures if pictures else 0.0
        precision = own / named if named else 0.0
        f1 = 2 * recall * precision / (recall + precision) if own else 0.0
        rows.append(
            {
                "digit": int(label),
                "pictures": pictures,
                "correct": own,
                "recall": recall,
                "recall_interval": wilson(own, pictures),
                "precision": precision,
                "f1": f1,
            }
        )
    return {
        "accuracy": hits / of,
        "accuracy_interval": wilson(hits, of),
        "correct": hits,
        "test_pictures": of,
        "per_class": rows,
        "confusion": table.tolist(),
    }


def fingerprint(arrays: list[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for each in arrays:
        digest.update(np.ascontiguousarray(each, dtype="<f8").tobytes())
    return digest.hexdigest()


# Pictures

INK, RULE, FIRST, SECOND = "#1b1f24", "#c9ced6", "#1d5fa6", "#b4460e"
CJK_FONTS = (
    "Noto Sans CJK HK",
    "Noto Sans HK",
    "Noto Sans CJK TC",
    "Noto Sans TC",
    "Source Han Sans HC",
    "Source Han Sans TC",
    "PingFang HK",
    "Microsoft JhengHei",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "WenQuanYi Zen Hei",
)


def set_style(text: dict[str, str]) -> dict[str, str]:
    """Prepare matplotlib; gives the texts to draw with: English where there is no Chinese font."""
    mpl.rcParams.update(
        {
            "font.family": ["DejaVu Sans"],
            "font.size": 11,
            "text.color": INK,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "axes.titlepad": 14,
            "xtick.color": INK,
            "ytick.color": INK,
            "svg.hashsalt": "aisc",
            "svg.fonttype": "path",
        }
    )
    if text["lang"] == "en":
        return text
    names = {each.name for each in font_manager.fontManager.ttflist}
    for name in CJK_FONTS:
        if name in names:
            mpl.rcParams["font.family"] = [name, "DejaVu Sans"]
            return text
    return EN


def save(figure: plt.Figure, stem: Path) -> None:
    for kind, extra in (
        ("png", {"dpi": 160, "metadata": {"Software": None}}),
        ("svg", {"metadata": {"Date": None}}),
    ):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, facecolor="white", **extra)
        write(stem.with_suffix(f".{kind}"), buffer.getvalue())


def inline_svg(figure: plt.Figure, label: str) -> str:
    """The figure as part of a page: no frame around it, no addresses in it, colours those of the page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg).replace("xlink:href", "href")
    for colour, name in ((INK, "ink"), (RULE, "rule"), (FIRST, "first"), (SECOND, "second")):
        svg = svg.replace(colour, f"var(--{name})")
    svg = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', rf'<svg role="img" aria-label="{label}" viewBox="\1">', svg)
    return svg.strip()


def draw_curve(history: list[dict[str, float]], best: int, text: dict[str, str]) -> plt.Figure:
    epochs = [row["epoch"] for row in history]
    figure, both = plt.subplots(1, 2, figsize=(9.6, 3.9), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, wspace=0.06)
    for axes, what in zip(both, ("accuracy", "loss"), strict=True):
        ends = []
        for part, colour, dash in (("training", FIRST, "-"), ("validation", SECOND, (0, (4, 2)))):
            values = [row[f"{part}_{what}"] for row in history]
            axes.plot(
                epochs,
                values,
                color=colour,
                linestyle=dash,
                linewidth=2,
                marker="o" if len(epochs) == 1 else "",
            )
            ends.append((values[-1], text[part], colour))
        axes.set_title(text[what], fontsize=12)
        axes.set_xlabel(text["epoch"])
        axes.grid(axis="y", color=RULE, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlim(min(1, epochs[-1] - 1), max(epochs[-1], 2))
        if what == "accuracy":
            axes.yaxis.set_major_formatter(PercentFormatter(1))
            axes.set_ylim(top=min(1.005, axes.get_ylim()[1] + 0.02))
        else:
            axes.set_ylim(bottom=0)
        # The name of each line stands at its end; where they end close together, one above the other.
        low, high = axes.get_ylim()
        gap = (high - low) * 0.085
        ends.sort()
        places = [ends[0][0], max(ends[1][0], ends[0][0] + gap)]
        over = max(0.0, places[1] - high)
        for (_, name, colour), place in zip(ends, places, strict=True):
            at = (max(epochs[-1], 2), place - over)
            axes.annotate(
                name, at, (6, 0), textcoords="offset points", color=colour, va="center", annotation_clip=False
            )
        axes.axvline(best, color=INK, linewidth=1, linestyle=":")
        left = best > (epochs[0] + epochs[-1]) / 2
        axes.annotate(
            text["best"].format(best=best),
            (best, 0.07 if what == "accuracy" else 0.93),
            (-5 if left else 5, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=10,
        )
    return figure


def draw_confusion(table: list[list[int]], classes: np.ndarray, text: dict[str, str]) -> plt.Figure:
    counts = np.array(table)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = plt.subplots(figsize=(6.4, 6.2), layout="constrained")
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1.6)
    for row, column in np.ndindex(counts.shape):
        if count := counts[row, column]:
            wrong = row != column
            if wrong:  # framed, so that mistakes are seen without colour
                frame = plt.Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=INK, linewidth=1.6)
                axes.add_patch(frame)
            axes.text(column, row, str(count), ha="center", va="center", weight="bold" if wrong else "normal")
    axes.set_xticks(range(len(classes)), classes)
    axes.set_yticks(range(len(classes)), classes)
    axes.set_xticks(np.arange(-0.5, len(classes)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(classes)), minor=True)
    axes.grid(which="minor", color=RULE, linewidth=0.8)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(text["read_as"])
    axes.set_ylabel(text["true_digit"])
    axes.set_title(text["confusion"], fontsize=12)
    return figure


def picture_address(pixels: np.ndarray) -> str:
    """One digit as a picture inside the page, dark on light as on paper."""
    shades = (255 - pixels.reshape(8, 8) * (255 / DARKEST)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(shades).resize((64, 64), Image.Resampling.NEAREST).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


# Report

CSS = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--rule:#d5dae1;--wash:#f4f6f8;--first:#1d5fa6;
--second:#b4460e;--tint:29,95,166}
@media(prefers-color-scheme:dark){:root{--paper:#14171b;--ink:#e8ebef;--soft:#a3adb8;--rule:#39414b;--wash:#1d2126;
--first:#7db4f0;--second:#f0a070;--tint:125,180,240}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);line-height:1.55;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","PingFang HK","Noto Sans HK","Noto Sans CJK HK",
"Microsoft JhengHei",sans-serif}
main{max-width:58rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
.kicker{color:var(--soft);margin:0}
h1{font-size:2rem;line-height:1.2;margin:.2rem 0 1rem}
h2{font-size:1.25rem;margin:2.75rem 0 .5rem}
p{max-width:44rem}
.headline{font-size:1.25rem;margin:0 0 1.5rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1px;background:var(--rule);
border:1px solid var(--rule);margin:0}
.figures div{background:var(--paper);padding:.9rem 1rem}
.figures dt{color:var(--soft);font-size:.875rem}
.figures dd{margin:0;font-size:1.3rem;font-variant-numeric:tabular-nums}
.notice{border-left:4px solid var(--second);background:var(--wash);padding:.75rem 1rem}
.wide{overflow-x:auto}
svg{display:block;width:100%;min-width:36rem;height:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .7rem;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
th{font-weight:600}
thead th{color:var(--soft);font-size:.875rem}
.confusion td,.confusion th{text-align:center;min-width:2.6rem;border:1px solid var(--rule)}
.confusion .wrong{font-weight:700;outline:2px solid var(--ink);outline-offset:-2px}
.pictures{display:flex;flex-wrap:wrap;gap:1rem;padding:0;list-style:none}
.pictures img{display:block;width:64px;height:64px;image-rendering:pixelated;border:1px solid var(--rule)}
.pictures li{text-align:center;font-variant-numeric:tabular-nums}
.facts{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.4rem 1.5rem;margin:0}
.facts dt{color:var(--soft)}
.facts dd{margin:0;overflow-wrap:anywhere}
summary{cursor:pointer}
code{font-family:ui-monospace,"SFMono-Regular",Menlo,Consolas,monospace;font-size:.875em}
@media(max-width:36rem){.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:.7rem}}
@media print{main{padding:0;max-width:none}h2{break-after:avoid}}
"""
E_ = html.escape


def percent(share: float, text: dict[str, str]) -> str:
    return f"{share * 100:.1f}\u00a0%" if text["lang"] == "en" else f"{share * 100:.1f}%"


def span(interval: tuple[float, float], text: dict[str, str]) -> str:
    return text["of"].format(low=percent(interval[0], text), high=percent(interval[1], text))


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table whose first column names the row; everything given is already safe to put in a page."""
    top = "".join(f'<th scope="col">{each}</th>' for each in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{each}</td>" for each in rest)}</tr>' for first, *rest in rows
    )
    return f'<div class="wide" tabindex="0"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def confusion_table(metrics: dict[str, object], text: dict[str, str]) -> str:
    labels = [row["digit"] for row in metrics["per_class"]]
    top = "".join(f'<th scope="col">{label}</th>' for label in labels)
    body = ""
    for label, row in zip(labels, metrics["confusion"], strict=True):
        cells = ""
        for other, count in zip(labels, row, strict=True):
            wrong = ' class="wrong"' if count and other != label else ""
            tint = f' style="background:rgba(var(--tint),{0.45 * count / max(sum(row), 1):.2f})"' if count else ""
            cells += f"<td{wrong}{tint}>{count or ''}</td>"
        body += f'<tr><th scope="row">{label}</th>{cells}</tr>'
    return (
        f'<div class="wide" tabindex="0"><table class="confusion"><thead><tr>'
        f"<td>{E_(text['true_digit'])} \\ {E_(text['read_as'])}"
        f"</td>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def report(
    metrics: dict[str, object], curve: str, wrong: list[tuple[int, int, np.ndarray]], text: dict[str, str]
) -> str:
    def fill(key: str, **values: object) -> str:
        return E_(text[key].format(**values))

    def facts(pairs: list[tuple[str, str]]) -> str:
        return "".join(f"<dt>{E_(text[key])}</dt><dd>{value}</dd>" for key, value in pairs)

    settings, timings, best = metrics["settings"], metrics["timings_s"], metrics["best_epoch"]
    parts, epochs_run = metrics["split"], metrics["epochs_run"]
    baseline = metrics["baseline"]
    figures = [
        (text["accuracy"], percent(metrics["accuracy"], text)),
        (text["interval"], span(metrics["accuracy_interval"], text)),
        (text["baseline"].format(label=baseline["digit"]), percent(baseline["accuracy"], text)),
        (text["best_epoch"], f"{best}"),
    ]
    notices = ""
    if not metrics["finished"]:
        notices += f'<p class="notice">{fill("stopped", epoch=epochs_run, epochs=settings["epochs"])}</p>'
    if metrics["resumed_from_epoch"]:
        notices += f'<p class="notice">{fill("resumed", epoch=metrics["resumed_from_epoch"])}</p>'
    keys = ("training_accuracy", "validation_accuracy", "training_loss", "validation_loss")
    history = [
        [
            str(row["epoch"]),
            *(percent(row[key], text) for key in keys[:2]),
            *(f"{row[key]:.4f}" for key in keys[2:]),
        ]
        for row in metrics["history"]
    ]
    classes = [
        [
            str(row["digit"]),
            str(row["pictures"]),
            str(row["correct"]),
            percent(row["recall"], text),
            span(row["recall_interval"], text),
            percent(row["precision"], text),
            f"{row['f1']:.3f}",
        ]
        for row in metrics["per_class"]
    ]
    count = metrics["test_pictures"] - metrics["correct"]
    shown = "".join(
        f'<li><img alt="{fill("wrong_alt", truth=truth, read=read)}" src="{picture_address(pixels)}">'
        f"{truth} → {read}</li>"
        for truth, read, pixels in wrong
    )
    wrong_part = (
        f'<p>{fill("wrong_text", shown=len(wrong), count=count)}</p><ul class="pictures">{shown}</ul>'
        if wrong
        else f"<p>{fill('wrong_none')}</p>"
    )
    how = facts(
        [
            ("dataset", E_(metrics["dataset"]["description"])),
            ("split", fill("split_text", **parts)),
            (
                "model",
                fill(
                    "model_text",
                    hidden=" + ".join(map(str, settings["hidden"])),
                    weights=metrics["weights"],
                    batch=settings["batch_size"],
                ),
            ),
            (
                "settings",
                fill(
                    "settings_text",
                    epochs=settings["epochs"],
                    rate=settings["learning_rate"],
                    seed=settings["seed"],
                ),
            ),
            (
                "timings",
                fill(
                    "timings_text",
                    data=f"{timings['data']:.2f}",
                    training=f"{timings['training']:.2f}",
                    per_epoch=f"{1000 * timings['training'] / epochs_run:.0f}",
                    measuring=f"{timings['measuring']:.2f}",
                    pictures=f"{timings['pictures']:.2f}",
                    cpus=metrics["environment"]["cpus"],
                ),
            ),
            ("versions", E_(", ".join(f"{name} {version}" for name, version in metrics["versions"].items()))),
            ("fingerprint", f"<code>{metrics['weights_sha256']}</code>"),
            ("fingerprint_data", f"<code>{metrics['dataset']['sha256']}</code>"),
        ]
    )
    head = ["digit", "pictures", "correct", "recall", "recall_interval", "precision", "f1"]
    return f"""<!DOCTYPE html>
<html lang="{text["lang"]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{fill("title")}</title>
<style>{CSS}</style>
</head>
<body>
<main>
<p class="kicker">{fill("kicker", version=VERSION)}</p>
<h1>{fill("title")}</h1>
<p class="headline">{fill("headline", correct=metrics["correct"], test=metrics["test_pictures"])}</p>
{notices}
<dl class="figures">{"".join(f"<div><dt>{E_(name)}</dt><dd>{E_(value)}</dd></div>" for name, value in figures)}</dl>
<h2>{fill("curve")}</h2>
<p>{fill("curve_text", best=best)}</p>
<div class="wide" tabindex="0">{curve}</div>
<details><summary>{fill("curve_table")}</summary>
{table([fill("epoch"), *(fill(key) for key in keys)], history)}</details>
<h2>{fill("classes")}</h2>
<p>{fill("classes_text")}</p>
{table([fill(key) for key in head], classes)}
<h2>{fill("confusion")}</h2>
<p>{fill("confusion_text")}</p>
{confusion_table(metrics, text)}
<h2>{fill("wrong")}</h2>
{wrong_part}
<h2>{fill("how")}</h2>
<dl class="facts">{how}</dl>
<h2>{fill("limits")}</h2>
<p>{fill("limits_text")}</p>
</main>
</body>
</html>
"""


# The job


def run(options: argparse.Namespace) -> int:
    text = TEXTS[options.language]
    output = Path(options.output)
    output.mkdir(parents=True, exist_ok=True)
    progress = Progress(options.epochs + 2)

    began = time.perf_counter()
    progress.say(0, text["loading"])
    pixels, labels, description = load(options.data, text)
    classes = np.unique(labels)
    data_hash = fingerprint([pixels, labels])
    scale = MinMaxScaler().fit([[0.0] * PIXELS, [float(DARKEST)] * PIXELS])
    parts = split(pixels, labels, options.seed)
    raw_test = parts["test"][0]
    parts = {name: (scale.transform(inputs), digits) for name, (inputs, digits) in parts.items()}
    data_seconds = time.perf_counter() - began

    settings = {
        "hidden": options.hidden,
        "rate": options.learning_rate,
        "seed": options.seed,
        "data": data_hash,
        "sklearn": sklearn.__version__,
        "version": VERSION,
    }
    checkpoint = output / CHECKPOINT
    training = resume(checkpoint, settings, options.epochs)
    if training:
        print(text["resumed"].format(epoch=training.resumed_from), flush=True)
    else:
        training = Training(options.hidden, options.learning_rate, options.seed)
    saved = time.monotonic()
    while len(training.history) < options.epochs and not Stop.asked:
        try:
            row = training.epoch(parts, classes)
        except ValueError as error:
            if "non-finite" not in str(error) and "NaN" not in str(error):
                raise
            print(text["diverged"].format(epoch=len(training.history) + 1), file=sys.stderr, flush=True)
            return 1
        accuracy = percent(row["validation_accuracy"], text)
        message = text["progress"].format(
            epoch=row["epoch"], epochs=options.epochs, loss=row["training_loss"], accuracy=accuracy
        )
        progress.say(row["epoch"], message)
        if time.monotonic() - saved > 10:
            save_checkpoint(checkpoint, settings, training)
            saved = time.monotonic()
    finished = len(training.history) == options.epochs
    if not training.history:
        print(text["halted_early"], flush=True)
        return 143
    if not finished:
        save_checkpoint(checkpoint, settings, training)

    began = time.perf_counter()
    progress.say(len(training.history), text["measuring"])
    model = training.keep_best()
    test, truth = parts["test"]
    read = model.predict(test)
    metrics = measure(truth, read, classes)
    values, frequencies = np.unique(parts["train"][1], return_counts=True)
    common = values[frequencies.argmax()]
    buffer = io.BytesIO()
    joblib.dump(make_pipeline(scale, model), buffer)
    write(output / "model.joblib", buffer.getvalue())
    measuring_seconds = time.perf_counter() - began

    began = time.perf_counter()
    progress.say(len(training.history) + 1, text["writing"])
    drawn = set_style(text)
    figure = draw_curve(training.history, training.best, drawn)
    save(figure, output / "learning-curve")
    curve = inline_svg(figure, html.escape(text["curve_alt"]))
    save(draw_confusion(metrics["confusion"], classes, drawn), output / "confusion-matrix")
    pictures_seconds = time.perf_counter() - began

    metrics = {
        "template": "digits-classifier",
        "template_version": VERSION,
        "finished": finished,
        **metrics,
        "baseline": {"digit": int(common), "accuracy": float((truth == common).mean())},
        "dataset": {"description": description, "rows": len(labels), "sha256": data_hash},
        "split": {name: len(digits) for name, (_, digits) in parts.items()},
        "settings": {
            "epochs": options.epochs,
            "learning_rate": options.learning_rate,
            "hidden": list(options.hidden),
            "batch_size": 32,
            "seed": options.seed,
        },
        "epochs_run": len(training.history),
        "best_epoch": training.best,
        "resumed_from_epoch": training.resumed_from,
        "history": training.history,
        "weights": sum(each.size for each in (*model.coefs_, *model.intercepts_)),
        "weights_sha256": fingerprint([*model.coefs_, *model.intercepts_]),
        "timings_s": {
            "data": round(data_seconds, 3),
            "training": round(training.seconds, 3),
            "measuring": round(measuring_seconds, 3),
            "pictures": round(pictures_seconds, 3),
        },
        "environment": {"cpus": len(os.sched_getaffinity(0)), "machine": platform.machine()},
        "versions": {
            "Python": platform.python_version(),
            "scikit-learn": sklearn.__version__,
            "NumPy": np.__version__,
            "Matplotlib": mpl.__version__,
        },
    }
    wrong = [
        (int(truth[index]), int(read[index]), raw_test[index]) for index in np.flatnonzero(truth != read)[:WRONG_SHOWN]
    ]
    write(output / "metrics.json", json.dumps(metrics, ensure_ascii=False, indent=2) + "\n")
    write(output / "report.html", report(metrics, curve, wrong, text))
    if not finished:
        progress.say(len(training.history), text["halted"].format(epoch=len(training.history)))
        return 143
    checkpoint.unlink(missing_ok=True)
    message = text["done"].format(
        accuracy=percent(metrics["accuracy"], text),
        interval=span(metrics["accuracy_interval"], text),
        report=output / "report.html",
    )
    progress.say(progress.total, message)
    return 0


def within(kind: type, least: float, most: float):
    def check(value: str) -> int | float:
        number = kind(value)
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{value} is not from {least} to {most}")
        return number

    return check


def layers(value: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[1-9][0-9]{0,2}(,[1-9][0-9]{0,2}){0,4}", value):
        raise argparse.ArgumentTypeError("give one to five numbers from 1 to 999, for example 128,64")
    return tuple(map(int, value.split(",")))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--data", default="", help="CSV of 64 pixels and the digit; empty: scikit-learn's digits")
    parser.add_argument("--epochs", type=within(int, 1, 500), default=30)
    parser.add_argument("--learning-rate", type=within(float, 1e-5, 1.0), default=0.002)
    parser.add_argument("--hidden", type=layers, default=(64,), help="neurons of each hidden layer: 128,64")
    parser.add_argument("--seed", type=within(int, 0, 2**32 - 1), default=2024)
    parser.add_argument("--output", default="digits")
    parser.add_argument("--language", choices=sorted(TEXTS), default="en")
    options = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    Stop.listen()
    try:
        return run(options)
    except DataError as error:
        print(error, file=sys.stderr, flush=True)
        return 2
    except OSError as error:
        print(TEXTS[options.language]["disk"].format(error=error), file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
