"""Model cards (Mitchell et al., 2019), as JSON and as Markdown from the same data."""
