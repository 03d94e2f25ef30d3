"""What dream knows of languages: sentences, terms, and Korean particles. No other room splits a text by itself."""
