"What requests may contain: the attributes of each resource, and the JSON Schemas made of them."
