"""Errors of the API in the caller's language: title, detail and each field's message."""

import pytest

from aisc.core.chinese import has_chinese, in_simplified

pytestmark = pytest.mark.django_db


def ask(client, language, body="{}", path="/signup"):
    answer = client.post(f"/api/v1{path}", body, content_type="application/json", headers={"Accept-Language": language})
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("body", "field", "english"),
    [
        ("{}", "body.email", "Field required"),
        ('{"email": 1, "name": "A", "password": "x"}', "body.email", "Input should be a valid string"),
    ],
)
def test_what_cannot_be_used_is_said_field_by_field(client, body, field, english):
    said = {language: ask(client, language, body) for language in ("en", "zh-HK", "zh-CN")}
    assert len({status for status, _problem in said.values()}) == 1
    assert english in str(said["en"][1])
    for language in ("zh-HK", "zh-CN"):
        problem = said[language][1]
        texts = [problem["title"], *(each["message"] for each in problem["errors"])]
        assert all(map(has_chinese, texts)) or not problem["errors"], texts
        assert problem["code"] == said["en"][1]["code"]
    assert in_simplified(str(said["zh-CN"][1])) or not said["zh-CN"][1]["errors"]


def test_titles_by_kind(client):
    missing = client.get("/api/v1/texts/terms", headers={"Accept-Language": "zh-Hans"}).json()
    assert (missing["status"], missing["code"]) == (404, "not_found")
    assert has_chinese(missing["title"])
    unsigned = client.get("/api/v1/whoami", headers={"Accept-Language": "zh-Hant"}).json()
    assert unsigned["title"] == "請先登入。"
    assert client.get("/api/v1/whoami", headers={"Accept-Language": "en"}).json()["title"].isascii()
