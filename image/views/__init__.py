"What clients are shown."
