"The metadata service: port 8775, asked by guests through the network's metadata agents."
