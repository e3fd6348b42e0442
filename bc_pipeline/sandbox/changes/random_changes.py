"""Random business, always valid, repeatable by seed."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from random import Random

from bc_pipeline.sandbox.bookkeeping.documents import Refused
from bc_pipeline.sandbox.changes import picks_documents, picks_masters
from bc_pipeline.sandbox.changes.catalogue import apply_to
from bc_pipeline.sandbox.company.company import Company

# How often each kind of change happens, relative to the others.
WEIGHTS: dict[str, float] = {
    "move_stock": 12,
    "transfer_stock": 4,
    "new_sales_invoice": 10,
    "new_sales_order": 8,
    "ship_sales_order": 6,
    "post_sales_order": 6,
    "receive_purchase_order": 8,
    "new_purchase_order": 6,
    "change_purchase_line": 6,
    "change_price": 5,
    "rename_item": 4,
    "change_item_card": 3,
    "change_main_vendor": 3,
    "pay_sales_invoice": 3,
    "invoice_purchase_order": 3,
    "change_sales_order_line": 3,
    "add_purchase_line": 3,
    "change_purchase_order_status": 3,
    "cancel_sales_invoice": 2,
    "delete_sales_order": 2,
    "block_item": 2,
    "new_item": 2,
    "remove_purchase_line": 2,
    "delete_purchase_order": 2,
    "change_vendor_of_purchase_order": 2,
    "change_requested_date": 2,
    "rename_vendor": 2,
    "block_vendor": 2,
    "new_vendor": 1,
    "unblock_item": 1,
    "unblock_vendor": 1,
    "change_gtin": 1,
    "new_variant": 1,
    "change_item_type": 1,
    "delete_item": 1,
    "delete_vendor": 1,
    "change_vendor_email": 1,
    "undo_receipt": 1,
    "new_purchase_invoice": 1,
}
TRIES_PER_CHANGE = 20
PICKS = picks_masters.PICKS | picks_documents.PICKS


def random_changes(
    company: Company, seed: int, count: int, *, kinds: Collection[str] | None = None
) -> list[str]:
    """Applies ``count`` random changes and returns what was done, in order.

    The same company and seed give the same changes. With ``count`` at least the number of kinds,
    every kind that the company allows at some point happens.

    Args:
        kinds: names of changes to choose from; None for all.

    Raises:
        ValueError: the company allows none of the kinds any more.
    """
    random = Random(f"{seed}/{company.name}")
    chosen = sorted(kinds or WEIGHTS)
    deck = _deck(random, count, chosen)
    done: list[str] = []
    while len(done) < count:
        spare = deque(random.sample(chosen, len(chosen)))
        told = _first_possible(company, random, deck) or _first_possible(company, random, spare)
        if told is None:
            raise ValueError(f"{company.name} allows no further change of these kinds")
        done.append(told)
    return done


def _first_possible(company: Company, random: Random, deck: deque[str]) -> str | None:
    """Applies the first change of the deck that is possible and takes it out; those that are not
    move to the end, for later."""
    for _ in range(len(deck)):
        name = deck.popleft()
        told = _try(company, random, name)
        if told is not None:
            return told
        deck.append(name)
    return None


def _deck(random: Random, count: int, kinds: list[str]) -> deque[str]:
    """``count`` names in random order, each kind by its weight and once at least if they fit."""
    names = list(kinds) if count >= len(kinds) else []
    missing = max(0, count - len(names))
    names += random.choices(kinds, [WEIGHTS[name] for name in kinds], k=missing)
    random.shuffle(names)
    return deque(names)


def _try(company: Company, random: Random, name: str) -> str | None:
    for _ in range(TRIES_PER_CHANGE):
        with company.lock:
            params = PICKS[name](company, random)
            if params is None:
                return None
            try:
                return apply_to(company, name, params)
            except Refused:
                continue
    return None
