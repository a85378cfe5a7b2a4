"""OVN itself: the northbound database as the place of our rows, the southbound one for what the
nodes are."""
