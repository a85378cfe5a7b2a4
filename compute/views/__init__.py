"""Entity -> JSON, by microversion."""
