"The panels: one folder each, found by `dashboard.panel.discover`."
