"""The running assistant: channels, conversations, the engine behind them."""
