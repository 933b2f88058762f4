"""Masking of personal data by patterns, check digits and words beside them: the fast profile, for every message.

Covers e-mail, web and IP addresses, payment cards, IBAN, phone numbers, numbers of people and companies of Portugal
(NIF, CC, NISS), Brazil (CPF, CNPJ) and the United States (SSN), postcodes, street addresses and dates of birth. What
has check digits is only masked when they hold, so that an order number is not taken for a tax number. Names and places
need a model and are left to the training side's full profile.
"""

from synapse_common.pii.find import TYPES, find_entities, plain
from synapse_common.pii.masker import Entity, Masker, MaskResult, mask_pii
from synapse_common.pii.open_ends import LONGEST_SPACED_MATCH, may_go_on

__all__ = [
    "LONGEST_SPACED_MATCH",
    "TYPES",
    "Entity",
    "MaskResult",
    "Masker",
    "find_entities",
    "mask_pii",
    "may_go_on",
    "plain",
]
