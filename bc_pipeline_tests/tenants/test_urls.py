"""Addresses as people write them (decisions 1, 36)."""

from __future__ import annotations

import pytest

from bc_pipeline.tenants.urls import checked, normalised


@pytest.mark.covers("decision 1")
@pytest.mark.parametrize(
    "written",
    [
        "https://api.example.com/v1",
        "https://api.example.com/v1/",
        "HTTPS://API.Example.com:443/v1//",
        "  https://api.example.com./v1 ",
        "https://api.example.com//v1",
        "https://api.example.com/./%761%20",
    ],
)
def test_given_one_address_written_in_several_ways_then_it_is_one(written: str) -> None:
    assert normalised(written) == "https://api.example.com/v1"


@pytest.mark.covers("decision 1")
@pytest.mark.parametrize(
    "other",
    [
        "http://api.example.com/v1",
        "https://api.example.com:8443/v1",
        "https://api.example.com/V1",
        "https://api2.example.com/v1",
        "https://[::1]/v1",
    ],
)
def test_given_another_address_then_it_is_another(other: str) -> None:
    assert normalised(other) != "https://api.example.com/v1"


@pytest.mark.covers("decision 36")
@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com",
        "https://10.0.0.7:7048/BC",
        "http://localhost:8410/bc",
        "http://127.0.0.1:8410",
        "http://127.9.9.9",
        "http://[::1]:8410",
        "HTTP://LOCALHOST",
    ],
)
def test_given_an_encrypted_address_or_one_of_this_machine_then_it_is_taken(url: str) -> None:
    assert checked(f" {url}/ ") == url


@pytest.mark.covers("decision 36")
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://api.example.com", "http is for this machine only"),
        ("http://10.0.0.7", "http is for this machine only"),
        ("http://128.0.0.1", "http is for this machine only"),
        ("http://localhost.example.com", "http is for this machine only"),
        ("http://127.0.0.1.example.com", "http is for this machine only"),
        ("http://[::2]", "http is for this machine only"),
        ("api.example.com", "has no scheme: write https://"),
        ("localhost:8410/bc", "has no scheme: write https://"),
        ("//api.example.com", "has no scheme"),
        ("ftp://api.example.com", "has no scheme"),
        ("https:api.example.com", "has no scheme"),
        ("", "has no scheme"),
        ("https://", "has no scheme"),
        ("https:///v1", "it names no host"),
        ("https://api.example.com:port", "the port cannot be right"),
        ("https://api.example.com:99999", "the port cannot be right"),
        ("https://[::1", "the host or the port cannot be right"),
        ("https://user:secret@api.example.com", "has more than"),
        ("https://api.example.com?x=1", "has more than"),
        ("https://api.example.com#x", "has more than"),
    ],
)
def test_given_anything_else_then_it_is_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        checked(url)
