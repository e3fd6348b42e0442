"""Finding the record that another one names: by id, else number, else a name only one has."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from bc_pipeline.business_central.batch import PartAnswer
from bc_pipeline.business_central.client import Company
from bc_pipeline.errors import ReadFailed, RecordError
from bc_pipeline.to_business_central.documents.lookups import Directory, Question, ask

A = {"id": "aaaaaaaa-0000-4000-8000-000000000000", "number": "V1", "displayName": "Smith & Sons"}
B = {"id": "bbbbbbbb-0000-4000-8000-000000000000", "number": "V2", "displayName": "Twin"}
C = {"id": "cccccccc-0000-4000-8000-000000000000", "number": "TWIN", "displayName": "twin"}
VENDORS = Directory("vendor", [A, B, C])


def test_an_id_beats_a_number_and_a_number_beats_a_name() -> None:
    assert VENDORS.find("{AAAAAAAA-0000-4000-8000-000000000000}", "V2", "Twin") == A
    assert VENDORS.find(None, "v2", "Smith & Sons") == B


def test_an_unknown_id_leaves_the_choice_to_the_number() -> None:
    assert VENDORS.find("dddddddd-0000-4000-8000-000000000000", "V2", None) == B


def test_a_name_is_compared_without_capitals() -> None:
    assert VENDORS.find(None, None, "smith & sons") == A


def test_a_name_that_two_have_names_nobody() -> None:
    with pytest.raises(RecordError, match="several vendors") as caught:
        VENDORS.find(None, None, "Twin")
    assert caught.value.error_class == "InvalidInputError"


def test_nobody_is_told_with_what_was_asked_for() -> None:
    with pytest.raises(RecordError, match="no vendor with number V9 or named Nobody") as caught:
        VENDORS.find(None, "V9", "Nobody")
    assert caught.value.error_class == "RecordNotFound"


def test_what_no_record_can_have_is_not_asked_for() -> None:
    numbers = Question("vendors", "number", ["V1", "v1", " ", None, "x" * 21])
    ids = Question("vendors", "id", ["no id", A["id"].upper()], guid=True)

    assert numbers.conditions() == ["number eq 'v1'"] or numbers.conditions() == ["number eq 'V1'"]
    assert ids.conditions() == [f"id eq {A['id']}"]


@pytest.mark.parametrize("body", [None, [], {}, {"value": None}, "text"])
def test_an_answer_that_is_no_list_never_means_that_there_is_nothing(body: object) -> None:
    company = Company("11111111-0000-0000-0000-000000000001", "CRONUS", "CRONUS")
    bc = Mock(batch=lambda parts: {part.id: PartAnswer(part.id, 200, body) for part in parts})

    with pytest.raises(ReadFailed, match="no list"):
        ask(Mock(bc=bc, company=company), [Question("vendors", "number", ["V1"])])
