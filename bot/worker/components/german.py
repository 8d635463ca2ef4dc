"""German words with their base forms: spaCy's tokenizer, and the table of base forms of `spacy-lookups-data`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, List, Mapping

import numpy as np
import spacy
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message
from spacy.language import Language
from spacy.lookups import load_lookups
from spacy.strings import get_string_id

_KEPT = 20_000
"""Base forms of words that were looked up: most words come again and again."""


class Lemmas:
    """The base forms of words in arrays: a tenth of the 130 MB that spaCy's own lemmatizer takes for the same table."""

    def __init__(self, table: Mapping[int, str]) -> None:
        """`table` maps the hashes of words to base forms."""
        self._words = np.array(sorted(table), dtype=np.uint64)
        numbers: Dict[str, int] = {}
        self._number = np.array([numbers.setdefault(table[int(word)], len(numbers)) for word in self._words], dtype=np.int32)
        self._forms = list(numbers)
        self.of = lru_cache(maxsize=_KEPT)(self._of)

    def _of(self, word: str) -> str:
        """The base form of a word; the word itself where none is known."""
        key = np.uint64(get_string_id(word))
        at = int(np.searchsorted(self._words, key))
        return self._forms[self._number[at]] if at < len(self._words) and self._words[at] == key else word


@lru_cache(maxsize=1)
def german() -> Language:
    """The tokenizer, made once a process: nothing trained."""
    return spacy.blank("de")


@lru_cache(maxsize=1)
def lemmas() -> Lemmas:
    """The table, read once a process."""
    return Lemmas(load_lookups("de", ["lemma_lookup"]).get_table("lemma_lookup"))


class GermanToken(Token):
    """A token that is never changed: cheap for Rasa to copy and to hash, which it does often while training."""

    def fingerprint(self) -> str:
        return f"{self.start}:{self.text}:{self.lemma}"

    def __deepcopy__(self, _: Dict[int, Any]) -> GermanToken:
        return self


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class GermanTokenizer(Tokenizer):
    """Splits a message into tokens that carry their lemma."""

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GermanTokenizer:
        lemmas()  # first of all that is loaded: what its making leaves behind, the others use
        return cls(config)

    @staticmethod
    def required_packages() -> List[str]:
        return ["spacy"]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    def tokenize(self, message: Message, attribute: str) -> List[Token]:
        doc = german().make_doc(message.get(attribute) or "")
        return [GermanToken(token.text, token.idx, lemma=lemmas().of(token.text)) for token in doc if not token.is_space]
