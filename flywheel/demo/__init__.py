"""The demonstration: the whole loop on a made-up company's handbook, in one command."""
