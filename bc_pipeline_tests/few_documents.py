"""A company with a short past: sending hundreds of sell orders is most of a first run."""

from __future__ import annotations

from bc_pipeline.sandbox import Sandbox

KEPT = 25


def keep_few_invoices(sandbox: Sandbox) -> None:
    """Of each company's posted sales invoices only the newest stay, with their lines."""
    for company in sandbox.business_central.companies.values():
        invoices = sorted(company.find("salesInvoices"), key=lambda row: row["postingDate"])
        for invoice in invoices[:-KEPT]:
            for line in company.find("salesInvoiceLines", documentId=invoice["id"]):
                company.delete("salesInvoiceLines", line["id"])
            company.delete("salesInvoices", invoice["id"])
