"Entities as the JSON of the Identity API v3."
