"""The agents' pages: search, the customer, the offers put to them, the decisions behind them."""
