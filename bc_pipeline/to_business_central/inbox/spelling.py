"""The names of fields as the models have them, however a file spells them.

A column ``IsDraft`` that went unread would turn a draft into a bill that is posted: upper and lower
case say nothing in a name. Only ``id`` is meant when it is spelled so: a column ``ID`` is mostly
the producer's own number of a row, not an id in Business Central.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from bc_pipeline.to_business_central.inbox.formats import Unreadable

_EXACT = frozenset({"id"})


def respelled(fields: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """``fields`` by the names that are known; a name nobody knows stays as it is.

    Raises:
        Unreadable: a known name stands there twice, in two spellings.
    """
    by_letters = {name.casefold(): name for name in known if name not in _EXACT}
    names = {name: _known(name, by_letters, fields) for name in fields}
    if len(set(names.values())) < len(names):
        twice = Counter(names.values()).most_common(1)[0][0]
        spellings = [repr(given) for given, name in names.items() if name == twice]
        raise Unreadable(f"{' and '.join(spellings)} are one field, {twice}; leave one of them")
    return {names[name]: value for name, value in fields.items()}


def _known(name: str, by_letters: Mapping[str, str], fields: Mapping[str, Any]) -> str:
    known = by_letters.get(name.casefold(), name)
    # Beside the name itself another spelling of it is a column of the producer's own.
    return name if known in fields else known
