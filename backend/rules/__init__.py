"""Rules: CEL text compiled once, checked before it is published, and tested against one context per customer."""
