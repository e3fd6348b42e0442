"""The streams of unified records, by what they are called in files and Singer messages."""

from __future__ import annotations

from bc_pipeline.to_business_central.stream import Stream
from bc_pipeline.to_business_central.writers import WRITERS

STREAMS: dict[str, Stream] = {
    entity: writer.stream for entity, writer in WRITERS.items() if writer.stream
}
"""By entity."""

_BY_NAME = {stream.name.casefold(): stream for stream in STREAMS.values()}


def stream_named(name: str) -> Stream | None:
    """The stream of a file name or Singer message, upper and lower case alike; None if unknown."""
    return _BY_NAME.get(name.casefold())
