"""The published interoperability lists (guideline 2022.11, powered platform), run by tempest
itself."""
