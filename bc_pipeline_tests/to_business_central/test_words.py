"""Codes that read like words for nothing."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.to_business_central.export_types import Source
from bc_pipeline.to_business_central.inbox.files import read_file
from bc_pipeline.to_business_central.inbox.inbox import WaitingLine
from bc_pipeline.to_business_central.pendings import waiting, without_unknown_words
from bc_pipeline_tests.to_business_central.records import HOME


@pytest.mark.covers("decision 10")
def test_given_such_a_code_for_a_company_that_is_not_there_then_only_its_record_fails() -> None:
    content = b"externalId,customerNumber,companyName,currency,subsidiaryName\n"
    content += b"a,1,Lost,NAN,Nowhere\nb,2,Kept,,\n"
    read = read_file("Customers.csv", content, ())
    lines = [WaitingLine(Source("Customers.csv", 1, line.number), line) for line in read.lines]

    bc = Mock(BusinessCentral)
    found = waiting(without_unknown_words(lines, bc, HOME, [HOME]), HOME, [HOME])

    assert [pending.external_id for pending in found.pendings] == ["b"]
    ((refused, error),) = found.refused
    assert (refused.external_id, error.error_class) == ("a", "CompanyNotFound")
