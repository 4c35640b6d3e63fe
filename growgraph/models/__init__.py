"""The models: estimators that grow one graph."""
