"The tables of the image service and every query on them; nothing else imports SQLAlchemy."
