"""What documents, postings and ledgers of Business Central are made of, whoever asks for them."""
