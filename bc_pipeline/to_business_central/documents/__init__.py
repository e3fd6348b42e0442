"""What writing a document with lines has in common, whichever document it is."""
