"Rows as the JSON that Neutron's clients know."
