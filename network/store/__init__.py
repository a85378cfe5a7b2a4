"The tables and the queries: the only part of the service that knows SQL."
