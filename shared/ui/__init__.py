"""What both faces are made of: the look, the components, and the few helpers that turn a view model into a page.

Knows no page and no route of either face, and nothing of the backend.
"""
