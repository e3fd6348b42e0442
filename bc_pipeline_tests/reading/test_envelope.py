"""The rows of a page are cut out of what stands around them, without parsing them."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bc_pipeline.business_central.transport import BadAnswer
from bc_pipeline.reading.paging import cut_array, parsed_whole

values = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "a", "]"]), inner, max_size=3)
    ),
    max_leaves=8,
)
rows = st.lists(st.dictionaries(st.sampled_from(["id", "value", "lines"]), values), max_size=4)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=rows,
    before=st.dictionaries(st.sampled_from(["@odata.context", "@odata.count", "x"]), values),
    after=st.dictionaries(st.sampled_from(["@odata.nextLink", "y", "z"]), values),
    indent=st.sampled_from([None, 1]),
)
def test_given_any_envelope_then_cutting_leaves_all_rows_or_leaves_it_to_a_parser(
    tmp_path, rows, before, after, indent
):
    path = tmp_path / "page.json"
    body = json.dumps({**before, "value": rows, **after}, indent=indent).encode()
    path.write_bytes(body)

    envelope = cut_array(path)

    if envelope is None:
        assert path.read_bytes() == body
        assert len(parsed_whole(body).rows or []) == len(rows)
        return
    try:
        found = json.loads(path.read_text())
    except ValueError:
        # A wrong cut is never a valid array: DuckDB refuses it and the page is parsed whole.
        return
    assert found == rows
    assert envelope == {**before, **after}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.fixed_dictionaries({"id": st.text(), "l": values}), min_size=1), data=st.data()
)
def test_given_a_page_cut_anywhere_then_no_valid_array_is_left(tmp_path, rows, data):
    whole = json.dumps({"@odata.context": "x", "value": rows, "@odata.nextLink": "y"}).encode()
    end = data.draw(st.integers(0, len(whole) - 1))
    path = tmp_path / "page.json"
    path.write_bytes(whole[:end])

    if cut_array(path) is not None:
        with pytest.raises(ValueError, match=r"."):
            json.loads(path.read_text())
    with pytest.raises(BadAnswer):
        parsed_whole(whole[:end])


def test_given_a_usual_envelope_then_it_is_cut_without_parsing_the_rows(tmp_path):
    path = tmp_path / "page.json"
    rows = [{"id": "a", "lines": [{"value": [1]}]}] * 3000
    path.write_bytes(
        json.dumps({"@odata.context": "c", "value": rows, "@odata.nextLink": "http://n/]"}).encode()
    )

    assert cut_array(path) == {"@odata.context": "c", "@odata.nextLink": "http://n/]"}
    assert json.loads(path.read_text()) == rows
