"What crosses the border of the service: to OVN's northbound database, and to the nodes."
