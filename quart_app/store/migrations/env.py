"""Alembic's entry: migrate on the connection, and in the transaction, that ``schema`` hands over."""

from __future__ import annotations

from alembic import context

from quart_app.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can take back a change of the schema too, as long as somebody says BEGIN: the engine does.
    transactional_ddl=True,
)
context.run_migrations()
