"What clients may send, by noun and microversion. `fields` has the pieces."
