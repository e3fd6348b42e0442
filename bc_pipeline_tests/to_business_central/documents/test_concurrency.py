"""Documents that may meet are written one after another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.to_business_central.documents.concurrency import joined

IDENTITIES = st.frozensets(st.integers(0, 9).map(lambda n: (str(n),)), min_size=1, max_size=3)


@given(st.lists(IDENTITIES, max_size=20))
def test_works_that_share_an_identity_are_in_one_group_in_their_order(
    given_: list[frozenset[tuple[str, ...]]],
) -> None:
    groups = joined((identities, n) for n, identities in enumerate(given_))

    assert sorted(n for group in groups for n in group) == list(range(len(given_)))
    assert all(group == sorted(group) for group in groups)
    of = {n: place for place, group in enumerate(groups) for n in group}
    for n, one in enumerate(given_):
        for m, other in enumerate(given_):
            assert not one & other or of[n] == of[m]


def test_works_that_share_nothing_go_side_by_side() -> None:
    assert joined([(frozenset({("a",)}), 1), (frozenset({("b",)}), 2)]) == [[1], [2]]
