"The only place of compute that speaks SQL: models, queries, migrations."
