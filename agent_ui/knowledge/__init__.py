"""The desk's pages of knowledge: articles to read, to send, and to write."""
