"""German words with their base forms, from spaCy's blank pipeline and the tables of `spacy-lookups-data`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, List

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message
from spacy.language import Language


@lru_cache(maxsize=1)
def german() -> Language:
    """The pipeline, made once a process: tokenizer and lemma look-up, nothing trained."""
    nlp = spacy.blank("de")
    nlp.add_pipe("lemmatizer", config={"mode": "lookup"})
    nlp.initialize()
    return nlp


class GermanToken(Token):
    """A token that is never changed: cheap for Rasa to copy and to hash, which it does often while training."""

    def fingerprint(self) -> str:
        return f"{self.start}:{self.text}:{self.lemma}"

    def __deepcopy__(self, _: Dict[int, Any]) -> GermanToken:
        return self


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class GermanTokenizer(Tokenizer):
    """Splits a message into tokens that carry their lemma."""

    @staticmethod
    def required_packages() -> List[str]:
        return ["spacy"]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    def tokenize(self, message: Message, attribute: str) -> List[Token]:
        doc = german()(message.get(attribute) or "")
        return [GermanToken(token.text, token.idx, lemma=token.lemma_ or token.text) for token in doc if not token.is_space]
