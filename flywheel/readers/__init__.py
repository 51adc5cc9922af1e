"""Where runs are read and their tools' results looked at: in this process, or on the nodes of a Ray cluster."""
