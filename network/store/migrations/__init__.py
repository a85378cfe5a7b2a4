"The alembic history."
