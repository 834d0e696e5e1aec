"""The demo: a sample newsroom, a relay with an inbox, and an edition from one to the other, all on this machine."""
