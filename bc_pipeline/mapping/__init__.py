"""Business Central rows -> Optiply rows (mapping.md): SQL over the mirror, no input or output.

``build_wanted`` rebuilds one wanted table; ``vanished_buy_orders`` tells what became of purchase
orders that left BC's list.
"""

from bc_pipeline.mapping.definition import OPTIONAL_SOURCES, MappingInput, MappingReport
from bc_pipeline.mapping.vanished import buy_order_lines as vanished_buy_order_lines
from bc_pipeline.mapping.vanished import buy_orders as vanished_buy_orders
from bc_pipeline.mapping.wanted import build_wanted, prepare, rebuild

__all__ = [
    "OPTIONAL_SOURCES",
    "MappingInput",
    "MappingReport",
    "build_wanted",
    "prepare",
    "rebuild",
    "vanished_buy_order_lines",
    "vanished_buy_orders",
]
