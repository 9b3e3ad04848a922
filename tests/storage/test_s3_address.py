"""Signed addresses of a bucket's objects, against Amazon's published example and another signer."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import obstore
import pytest

from paddock.config import BadSetting, Settings
from paddock.storage.opening import named_bucket
from paddock.storage.s3_address import Allowed, Bucket, sign_address
from paddock.storage.s3_connection import S3Connection

# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
EXAMPLE = Bucket(
    "examplebucket",
    "https://s3.amazonaws.com",
    access_key="AKIAIOSFODNN7EXAMPLE",
    secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    path_style=False,
)
THEN = datetime(2013, 5, 24, tzinfo=UTC)


def test_amazons_example_is_signed_as_amazon_signs_it() -> None:
    address = sign_address(EXAMPLE, Allowed("GET", "test.txt"), now=THEN, seconds=86400)
    assert address.startswith("https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=")
    assert address.endswith(
        "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


@pytest.mark.parametrize("path_style", [True, False])
@pytest.mark.parametrize("key", ["a", "blobs/ab/cd", "odd name+(1)~é"])
def test_addresses_are_those_of_the_library_that_we_store_with(key: str, path_style: bool) -> None:
    bucket = replace(EXAMPLE, endpoint="http://store.example:9000", path_style=path_style)
    theirs = obstore.sign(S3Connection(bucket).requests, "PUT", key, timedelta(seconds=77))
    stamp = re.search(r"X-Amz-Date=(\w+)", theirs)
    assert stamp
    now = datetime.strptime(stamp[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert sign_address(bucket, Allowed("PUT", key), now=now, seconds=77) == theirs


def test_no_address_lasts_longer_than_a_store_allows() -> None:
    address = sign_address(EXAMPLE, Allowed("GET", "a"), now=THEN, seconds=10**9)
    assert "X-Amz-Expires=604800&" in address


def test_the_secret_is_not_in_a_bucket_that_is_printed() -> None:
    assert "wJalr" not in repr(EXAMPLE)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"s3_bucket": "s3://mine"}, "without s3://"),
        ({"s3_bucket": "a/b"}, "s3_bucket is 'a/b'"),
        ({"s3_prefix": "a//b"}, "s3_prefix"),
        ({"s3_prefix": "a b"}, "s3_prefix"),
        ({"s3_access_key": "k"}, "belong together"),
        ({"s3_direct": "on"}, "needs keys"),
    ],
)
def test_settings_that_name_no_bucket_are_refused(wrong: dict[str, str], told: str) -> None:
    with pytest.raises(BadSetting) as refused:
        named_bucket(Settings(**{"s3_bucket": "mine", **wrong}))
    assert told in f"{refused.value.message} {refused.value.hint}"


def test_without_an_endpoint_the_bucket_is_amazons_of_the_region() -> None:
    bucket = named_bucket(Settings(s3_bucket="mine", s3_region="eu-west-1", s3_prefix="/a/"))
    assert (bucket.base_url(), bucket.prefix) == ("https://s3.eu-west-1.amazonaws.com/mine", "a")
