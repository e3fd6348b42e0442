"""Business Central rows -> Optiply rows (mapping.md): SQL over the mirror, no input or output.

``build_wanted`` rebuilds one wanted table; ``vanished_buy_orders`` tells what became of purchase
orders that left BC's list.
"""

from bc_pipeline.mapping.columns import COLUMNS
from bc_pipeline.mapping.model import OPTIONAL_SOURCES, Facts, MappingReport
from bc_pipeline.mapping.vanished import buy_order_lines as vanished_buy_order_lines
from bc_pipeline.mapping.vanished import buy_orders as vanished_buy_orders
from bc_pipeline.mapping.wanted import MAPPING_VERSION, RESOURCES, build_wanted

__all__ = [
    "COLUMNS",
    "MAPPING_VERSION",
    "OPTIONAL_SOURCES",
    "RESOURCES",
    "Facts",
    "MappingReport",
    "build_wanted",
    "vanished_buy_order_lines",
    "vanished_buy_orders",
]
