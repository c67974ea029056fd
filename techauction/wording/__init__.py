"""Refusals and other codes, said in the reader's language. A new Refusal gets its sentence in `sentences.py`."""

from techauction.wording.acts import act
from techauction.wording.languages import in_chinese, named
from techauction.wording.notices import notice
from techauction.wording.problems import say_problem
from techauction.wording.provinces import PROVINCES, province
from techauction.wording.sentences import say
from techauction.wording.words import word

__all__ = ["PROVINCES", "act", "in_chinese", "named", "notice", "province", "say", "say_problem", "word"]
