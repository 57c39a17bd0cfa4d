"""What Alembic runs for each command: our connection, our tables, our options."""

from alembic import context

from backend.migrations import runner

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=runner.metadata(), **runner.options(connection))
with context.begin_transaction():
    context.run_migrations()
