"JSON Schemas: what clients may send, and what /v2/schemas publishes."
