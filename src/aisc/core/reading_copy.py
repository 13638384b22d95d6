"""Reading copies of letters and statements: English with 简体, where the centre has approved that there are any.

Documents are issued in English and 繁體; those words count. A reading copy is set from the same data and the same
templates, whose Chinese is written as the mainland writes it. It says of itself that it is one.
"""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from aisc.core.chinese import simplified
from aisc.core.errors import BadInput
from aisc.core.language import HANS

# What the templates say, in the mainland's words; the characters are simplified before.
WORDS = {
    "入帐": "入账",
    "帐目": "账目",
    "结单": "账单",
    "杂凑值": "哈希值",
    "档案": "文件",
    "档号": "编号",
    "验证码": "查验码",
    "列印": "打印",
    "四舍五入至仙": "四舍五入到分",
    "各项仙数相加": "各项金额相加",
    "比重": "权重",
    "准则": "标准",
    "拥有人": "所有者",
    "比率": "比例",
    "开立": "开设",
    "此乃": "这是",
    "亦": "也",
    "仅作示范": "仅作演示",
}
_PATTERN = re.compile("|".join(sorted(WORDS, key=len, reverse=True)))


def wanted(request: HttpRequest) -> bool:
    """Whether ``?script=zh-hans`` asks for one. Raises BadInput where the centre has not approved them."""
    if request.GET.get("script") != HANS:
        return False
    if not settings.READING_COPIES:
        raise BadInput(_("This centre issues its documents in English and Traditional Chinese only."), field="script")
    return True


def in_words(text: str) -> str:
    """A template's Chinese in the mainland's script and words."""
    return _PATTERN.sub(lambda found: WORDS[found[0]], simplified(text))


def of_data(value: Any) -> Any:
    """A document's data with every Chinese text in 简体: names of organisations, titles, reasons."""
    if isinstance(value, dict):
        return {name: of_data(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [of_data(each) for each in value]
    return simplified(value) if isinstance(value, str) else value


def data(value: dict[str, Any]) -> dict[str, Any]:
    """The data of a document, for its reading copy."""
    said = of_data(value)
    # The title is ours as the templates are; what people wrote keeps its words.
    said["letter"] |= {"reading_copy": True, "title_zh": in_words(said["letter"]["title_zh"])}
    if settings.CENTRE_NAME_HANS:
        said["letter"]["centre_zh"] = settings.CENTRE_NAME_HANS
    return said


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="aisc-reading-copies-")


@cache
def templates(root: Path) -> Path:
    """The templates below ``root`` once more, in 简体; made once by each process."""
    copies = Path(_folder().name)
    for source in root.glob("**/documents/*.typ"):
        target = copies / source.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = in_words(source.read_text(encoding="utf-8"))
        # The mainland's shapes of the characters that both write: the language's region and the font's.
        text = text.replace('lang: "zh", region: "HK"', 'lang: "zh", region: "CN"').replace("CJK HK", "CJK SC")
        target.write_text(text, encoding="utf-8")
    return copies
