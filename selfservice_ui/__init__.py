"""The portal: where customers see the very treatment that an agent would offer them, and take it up alone."""
