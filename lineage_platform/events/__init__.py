"""OpenLineage 2-0-2 events, and our own versioned facets with their JSON schemas. Pure."""
