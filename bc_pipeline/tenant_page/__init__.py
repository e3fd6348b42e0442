"""One page about one tenant, for whoever is asked how it is doing: facts first, then HTML."""
