"""Which texts are URLs of object storage, and which names lead to one place below a folder."""

import pytest
from ptool.object_storage import check_url, is_url
from ptool.object_storage.urls import is_name


@pytest.mark.parametrize(
    "text", ["s3://b/p", "GS://b", "memory://x", "file:///tmp/x", "s3://", "s3://b/../c"]
)
def test_a_url_is_known_by_its_protocol(text: str) -> None:
    assert is_url(text)


@pytest.mark.parametrize(
    "text", ["runs/a", "C://runs", "s3:/b/p", "a b://c", "./s3://b", "", "://b", "~/runs"]
)
def test_a_path_is_none(text: str) -> None:
    assert not is_url(text)


def test_a_url_is_used_in_one_form() -> None:
    assert check_url("S3://Bucket/Path//") == "s3://Bucket/Path"
    assert check_url("file:///tmp/x/") == "file:///tmp/x"


@pytest.mark.parametrize(
    "text",
    [
        *("s3://", "s3:///", "s3://b/../c", "s3://b/./c", "s3://b/..", "s3://b//c", "s3://b/c\\d"),
        *("s3://key:word@b/c", "s3://key@b/c", "s3://b/c?versionId=1", "s3://b/c#d", "simplecache::s3://b/c"),
        *(
            "s3://b/\x00",
            "s3://b/a\nb",
            "s3://b/\u202etxt",
            "s3://b/" + "x" * 256,
            "s3://" + "a/" * 600 + "b",
        ),
    ],
)
def test_what_could_lead_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^a URL"):
        check_url(text)


@pytest.mark.parametrize("name", ["a", "dataset/a.jsonl", ".ptool-run.json", "..a/b..", "模型.json"])
def test_a_plain_name_is_one(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", "..", "a/../b", "a\\b", "a/\x7f", "x" * 256])
def test_a_name_that_leads_elsewhere_is_none(name: str) -> None:
    assert not is_name(name)
