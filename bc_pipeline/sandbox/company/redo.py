"""What transactions leave behind, to be done again elsewhere or later."""

from __future__ import annotations

from typing import Any

# (entity set, key, the row as it stands after the transaction, None when it is gone). Of a row
# that is there already, what is given of it changes.
Redo = list[tuple[str, str, dict[str, Any] | None]]
