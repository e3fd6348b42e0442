"""Addresses as people write them (decisions 1, 36)."""

from __future__ import annotations

import pytest

from bc_pipeline.tenants.urls import normalised

pytestmark = pytest.mark.covers("decision 1")


@pytest.mark.parametrize(
    "written",
    [
        "https://api.example.com/v1",
        "https://api.example.com/v1/",
        "HTTPS://API.Example.com:443/v1//",
        "  https://api.example.com./v1 ",
    ],
)
def test_given_one_address_written_in_several_ways_then_it_is_one(written: str) -> None:
    assert normalised(written) == "https://api.example.com/v1"


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
