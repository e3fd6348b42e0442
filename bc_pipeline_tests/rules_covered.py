"""The rules learned in the field, and which tests show each.

A test names the rules it shows: ``@pytest.mark.covers("decision 24")``. The page
``docs/field_rules.md`` is written from here: ``python -m bc_pipeline_tests.rules_covered``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PAGE = ROOT.parent / "docs" / "field_rules.md"
MARK = "covers"

CHAPTERS: dict[str, dict[str, str]] = {
    "What belongs to whom": {
        "decision 1": "Two enabled tenants never share an Optiply account or a Business Central "
        "company, however it is named: neither runs",
        "decision 2": "State that belongs to another environment, sign-in tenant or address stops "
        "the run before anything is read or written; `rebind` tells that it was only renamed",
        "decision 3": "A source that went back in time is read in full; deletions wait",
        "decision 4": "The first sync adopts only rows that carry no other's remote id, and says "
        "how many it adopts",
        "decision 5": "`verify` compares Optiply itself with what was sent",
        "decision 6": "A bill whose number stands in Business Central for another record fails; "
        "the first one stays",
        "decision 7": "Two records of one file with one externalId and different content both fail",
    },
    "Values that mean nothing, and values a spreadsheet spoils": {
        "decision 8": "A zero id is not given; the code or name beside it decides",
        "decision 9": "Business Central's empty dates and blank members are not given and never "
        "sent",
        "decision 10": "Words that frames and spreadsheets write for nothing are not given; a code "
        "of that very name stays a code",
        "decision 11": "`501.0`, ` 501` and `501` are one key; spreadsheet quoting goes",
        "decision 12": "Decimal commas are decided once per file; one that can be read both ways "
        "is refused",
        "decision 13": "Parquet: single precision as written; a moment with zone is the tenant's "
        "day",
        "decision 14": "All formats people drop are read, or refused with what to use instead",
        "decision 15": "tenants.yaml: text stays as written where text is wanted",
        "decision 16": "Half characters and control characters never stop a record or its "
        "neighbours",
        "decision 17": "A negative debit is a credit",
    },
    "Settings that name things in Business Central": {
        "decision 18": "A code that does not exist is named with those that do; a wrong location "
        "sends no stock",
        "decision 19": "Published pages of Microsoft end with version 30: warned before, absent "
        "after",
    },
    "Reading": {
        "decision 20": "Look-ups and read-backs ask for the primary; a lagging replica doubles "
        "nothing",
        "decision 21": "An unknown id in a sweep is a new row",
        "decision 22": "Documents committed late are found by the daily sweep",
        "decision 23": "Documents that were rolled back are confirmed and removed",
        "decision 24": "Documents keep their lines when items or vendors leave their lists",
        "decision 25": "All rows gone at once are guarded, however few",
        "decision 26": "A next link without host belongs to its page; another host is an error",
        "decision 27": "Windows of look-ups follow Business Central's clock; clocks that differ "
        "are told",
        "stock by location": "Goods sent to another location leave the stock, without an "
        "extension; a missing API is said and the next source taken; a read that breaks off "
        "changes no stock; sums that are not the inventory are named",
    },
    "Telling the truth": {
        "decision 28": "Held deletions are listed by number and name, and asked about",
        "decision 29": "Last good is per entity; one late entity makes the tenant late",
        "decision 30": "`check` fails where the next sync would",
        "decision 31": "An asset materialised alone reads what it is made from",
        "decision 32": "Broken settings make the tick red; one broken tenant stops no other",
        "decision 33": "A dry run is an observation and no success",
        "decision 34": "Records behind a number are listed with number, name and reason",
        "decision 35": "Sign-in errors say what to do; passing ones are retried",
        "decision 36": "Lost connections are told in words; plain http only on this machine",
        "decision 37": "A refusal after a commit is looked up and reported as it stands",
        "full refresh": "`full_refresh` with the launchpad's defaults reads everything",
        "second make dev": "A second `make dev` says which port is taken and touches nothing",
    },
    "Found with real clients": {
        "decision 38": "Prices and other values of written lines are read back, restated once, "
        "and named where they do not stay",
        "decision 39": "Codes are one whatever their case",
        "decision 40": "Bill of material lines with a variant name product and variant",
        "decision 41": "A token answer that cannot be read is retried",
        "decision 42": "A change whose answer cannot be read is no success",
    },
    "Installations and drills": {
        "installations": "State, settings and secrets of every released version go on",
        "drills": "Kills, lost answers, a lagging replica, refusals after commit: nothing doubled, "
        "nothing lost",
        "new user: two tenants on one account": "Stopped with words that say what to do",
        "new user: a trial moved to production": "Stopped with words that say what to do",
        "new user: a misspelt location": "Stopped with words that say what to do",
        "new user: a Dutch spreadsheet": "Read as it is meant",
        "new user: a broken tenants.yaml": "Stopped with words that say what to do",
    },
    "The sandbox, as strict as the real ones": {
        "sandbox: journal accounts": "Accounts of journal lines are checked at the insert",
        "sandbox: order line ids": "Zero ids of lines are refused",
        "sandbox: entra tenant": "Unknown sign-in tenants are refused",
        "sandbox: other tenant's address": "A token opens no other tenant's address",
        "sandbox: API version": "Unknown API versions are not found",
        "sandbox: bound actions": "A stale tag posts nothing; names in any case",
        "sandbox: VAT rounding": "Rounded once per VAT identifier",
        "sandbox: unit and tax ids": "Never zero beside a code",
        "sandbox: batch": "Parts without id, more than 100, multipart, no content",
        "sandbox: filters": "Blank, OR over fields, in, not, unknown members",
        "sandbox: sales orders": "Written, changed, deleted, shipped and invoiced",
        "sandbox: metadata": "A whole EDMX document",
        "sandbox: sign-in": "A full sign-in with authorisation code",
        "sandbox: field validation": "Default dimensions, foreign ids, discounts",
        "sandbox: bad requests": "Date formulas, filters on one entity, empty options",
        "sandbox: response shape": "Preference-Applied, context, counts, what is left of $top",
        "sandbox: ledger entries": "Posted documents have their general ledger entries",
        "sandbox: page order": "Properties in page order, with repricing; JSON order as a switch",
        "sandbox: seeded companies": "Awkward set-ups exist",
        "sandbox: optiply": "Preferred, accounts, dates, uuids, sorting",
        "sandbox: analytics": "Stock by location, outstanding sales",
        "sandbox: versions": "Versions 29 and 30",
        "sandbox: replica lag": "Reads from a replica that lags",
        "sandbox: entry numbers": "Entry numbers out of order",
        "sandbox: phantoms": "Rows that roll back, rows that come late",
        "sandbox: 4xx after commit": "A refusal after the work was done",
        "sandbox: copied environment": "Company ids that stand in two environments",
        "sandbox: rule table": "Each rule names its source and how sure it is",
    },
    "Real clients run against the sandbox unmodified": {
        "client: msal": "Sign-in with Microsoft's own library",
        "client: oauthlib": "Sign-in with HTTP Basic",
        "client: pyodata": "Reads `$metadata`",
        "client: ms-dynamics-business-central-sdk": "Bulk posts, deletes without If-Match",
        "client: dynite": "Reads",
        "client: dlt": "Reads as a source",
        "client: airbyte-cdk": "Reads as a declarative source",
    },
}

RULES: dict[str, str] = {rule: text for rules in CHAPTERS.values() for rule, text in rules.items()}


@cache
def tests_by_rule(root: Path = ROOT) -> dict[str, list[str]]:
    """Which tests show each rule, as ``path::name``, or ``path`` where it is all of them.

    Raises:
        ValueError: a mark names something else than texts.
    """
    found: dict[str, list[str]] = {}
    for path in sorted(root.rglob("test_*.py")):
        for name, rules in _marks(ast.parse(path.read_text("utf-8"))):
            for rule in rules:
                place = path.relative_to(root).as_posix()
                found.setdefault(rule, []).append(f"{place}::{name}" if name else place)
    return found


def page() -> str:
    """``docs/field_rules.md``."""
    shown = tests_by_rule()
    lines = [
        "# Rules learned in the field, and the tests that show them",
        "",
        "Written by `python -m bc_pipeline_tests.rules_covered`; a test compares. Paths are below",
        "`bc_pipeline_tests/`.",
    ]
    for chapter, rules in CHAPTERS.items():
        lines += ["", f"## {chapter}", "", "| rule | what is right | tests |", "|---|---|---|"]
        for rule, text in rules.items():
            tests = "<br>".join(f"`{test}`" for test in shown.get(rule, []))
            lines.append(f"| {rule} | {text} | {tests} |")
    return "\n".join(lines) + "\n"


def _marks(tree: ast.Module) -> Iterator[tuple[str | None, list[str]]]:
    """Name and rules of every marked test or class; None for the whole module."""
    named = {
        ast.unparse(node.targets[0]): [
            rule for part in ast.walk(node.value) for rule in _rules(part)
        ]
        for node in tree.body
        if isinstance(node, ast.Assign)
    }
    yield None, named.get("pytestmark", [])
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for mark in node.decorator_list:
                yield node.name, _rules(mark) or named.get(ast.unparse(mark), [])


def _rules(mark: ast.AST) -> list[str]:
    is_call = isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute)
    if not is_call or mark.func.attr != MARK:
        return []
    return [ast.literal_eval(argument) for argument in mark.args]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
