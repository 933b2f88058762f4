"""A local OpenAI-compatible server for one machine: chat by retrieval, embeddings by a bundled model.

It stands in for a real upstream where there is no key and no network, and says so in its answers.
"""
