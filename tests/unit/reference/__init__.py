"""The decision worked out a second time, by plain Python that knows nothing of the product: what the engine is held to.

`words` is a small vertical of its own: each rule stands there twice, as CEL text for the engine and as a Python function written
by hand beside it. `decision` is the arithmetic, from the documented formulas. `cases` are worked customers.
"""
