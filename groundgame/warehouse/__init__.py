"""Engines behind one interface, the ledger of what happened (ops), and dbt. No business rule lives here."""
