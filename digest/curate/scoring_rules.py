"""The rules for comments: the abuse lists, the trained model and the weights, as data that a newsletter can change."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from digest.curate.abuse import Heat, Lists
from digest.curate.abuse_model import AbuseModel
from digest.curate.editor_model import EditorModel
from digest.curate.hashed_words import WeightTable
from digest.curate.text_rules import TextRules
from digest.errors import ConfigError

ABUSE_FILE, MODEL_FILE, SCORES_FILE, EDITOR_FILE = "abuse.txt", "abuse.model", "scores.toml", "editor.model"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class VoteWeights(_Part):
    """How votes and replies count."""

    share: float = Field(ge=0, le=1)
    votes: int = Field(ge=1)
    confidence: float = Field(gt=0, le=4)


class GateLimits(_Part):
    """The limits of the gates; `held` and `scorn` are log odds."""

    words: int = Field(ge=0)
    words_if_exact: int = Field(ge=0)
    languages: tuple[str, ...]
    links: int = Field(ge=1)
    held: float
    unfit: float
    scorn: float = Field(ge=0)


class PickLimits(_Part):
    """The floor of the text score, the gap allowed to a third pick, the cost of similarity, and lengths in characters."""

    floor: float
    gap: float = Field(ge=0)
    variety: float = Field(ge=0, le=1)
    excerpt: int = Field(ge=80, le=2_000)
    parent: int = Field(ge=40, le=500)


class Scores(_Part):
    """All weights and limits of `scores.toml`."""

    text: Mapping[str, float]
    crowd: VoteWeights
    gate: GateLimits
    choice: PickLimits


@dataclass(frozen=True, slots=True)
class ScoringRules:
    """The rules by which comments are judged."""

    lists: Lists
    heat: Heat
    scores: Scores
    text_rules: TextRules
    editor: EditorModel


def parse_scoring_rules(lists: Lists, model: bytes, scores: Sequence[str], text_rules: TextRules, editor: bytes) -> ScoringRules:
    """Return the rules from the contents of their files; a later text changes an earlier one. Raise ConfigError for a fault."""
    parsed, abuse, judge = _scores(scores), AbuseModel(model, thing=MODEL_FILE), EditorModel(editor, text_rules.bits)
    if len(abuse.weights) == len(judge.weights[0]):  # one of another size is added by itself
        table = WeightTable([abuse.weights, *judge.weights])
        abuse.use(table, 1)
        judge.use(table, 2)
    return ScoringRules(lists, Heat(abuse, lists.scorn, parsed.gate.scorn), parsed, text_rules, judge)


def _scores(texts: Sequence[str]) -> Scores:
    try:
        tables: dict[str, dict[str, Any]] = tomllib.loads(texts[0])
        for text in texts[1:]:
            for name, table in tomllib.loads(text).items():
                _check_known(f"[{name}]", [name], tables)
                _check_known(f"{name}.", table if isinstance(table, dict) else [""], tables[name])
                tables[name].update(table)
        return Scores.model_validate(tables)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"invalid TOML: {error}", thing=SCORES_FILE) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", thing=SCORES_FILE) from error


def _check_known(where: str, keys: Iterable[str], valid: Mapping[str, Any]) -> None:
    for key in keys:
        if key not in valid:
            name = where if where.startswith("[") else f"{where}{key}"
            raise ConfigError(f"{name}: unknown key", thing=SCORES_FILE, remedy=f"Valid keys: {', '.join(valid)}.")
