"""The moderation predictor: fine-tuned BERT behind the Open Inference Protocol.

A message's way: common's OIP servicer or REST routes -> handler -> `model` (checks texts, applies the decision rule)
-> `engine` (schedules) -> `backends` (tokenise and run).
"""

__version__ = "0.1.0"
