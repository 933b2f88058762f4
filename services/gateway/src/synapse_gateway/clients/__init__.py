"""Clients of what stands behind the gateway: predictors, the embeddings proxy and the chat upstream."""
