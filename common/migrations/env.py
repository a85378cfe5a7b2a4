"""Alembic's environment for every service: `common.db.upgrade` gives the URL and the metadata."""

from alembic import context

from common.db import make_engine

config = context.config
engine = make_engine(config.attributes["url"])
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=config.attributes["metadata"],
        transaction_per_migration=True,
        render_as_batch=engine.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
