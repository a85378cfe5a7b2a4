"What runs on every node: the metadata agent. OVN's own controller does all the rest."
