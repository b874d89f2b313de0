"""A judge behind an endpoint that speaks as OpenAI's does: vLLM, SGLang, llama.cpp, or a commercial one.

Each question ends as one answer, or as unanswered with its reason; none is sent again after it was answered.
"""

import base64
import io
import json
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from PIL import Image

from unirain_core.config.models import HttpJudge
from unirain_core.config.prompt import Prompt
from unirain_core.distill.judges.answers import answer
from unirain_core.distill.judges.judge import WITHOUT_SCORES, Question, Response, Unanswered
from unirain_core.distill.judges.labels import demand_labels
from unirain_core.distill.judges.server import Reply, Server
from unirain_core.distill.prompt import Shown, parts, written
from unirain_core.engine.pools import Device
from unirain_core.engine.store import digest
from unirain_core.errors import ConfigError, MissingInputError
from unirain_core.imaging.codec import RgbImage

TOP = 20
"""The most probable first words that are asked for. vLLM gives at most 20, unless it is started with another limit."""
_PROBE_SIDE = 32
"""Pixels of each side of the blank pictures in the first question: the smallest request that shows the prompt."""


class EndpointJudge:
    """As `Judge`. Before the first question it checks that the server answers, and that its prompt keeps pictures beside labels."""

    device: Device = "server"

    def __init__(self, name: str, model: HttpJudge, words: Prompt, n_references: int) -> None:
        """Make the judge of a section of params; nothing is sent yet.

        Args:
            name: in params.
            model: its section.
            words: P.
            n_references: the most that a question shows.

        Raises:
            MissingInputError: no address or key is set.
            ConfigError: the key holds what no header can.
        """
        self.name, self.model, self.words, self.n_references = name, model, words, n_references
        self._is_checked = False
        self._server = Server(name, model)

    @property
    def batch(self) -> int:
        """As `Judge.batch`: twice the number of requests at once, so that the others go on while one answer is slow."""
        return 2 * self.model.batch

    @property
    def prompt(self) -> str:
        """As `Judge.prompt`; the server puts its template around it."""
        return written(self.words, self.n_references, "<picture>")

    @property
    def version(self) -> str:
        """As `Judge.version`; of the served weights it holds the revision that a person wrote into params."""
        return digest(
            "http 2",
            self.model.model,
            self.model.revision,
            self.model.logprobs,
            self.words.words_yes,
            self.words.words_no,
        )

    def judge(self, questions: Sequence[Question]) -> list[Response | Unanswered]:
        """As `Judge.judge`.

        Raises:
            MissingInputError: the server answers none of the questions any more.
            ConfigError: as `demand_server`, before the first question.
        """
        if not self._is_checked:
            self.demand_server()
            self._is_checked = True
        with ThreadPoolExecutor(self.model.batch) as pool:
            answers = list(pool.map(self._asked_in_the_middle, questions))
        # one failed question alone may be the fault of that question
        if len(answers) > 1 and all(isinstance(one, Unanswered) for one in answers):
            raise MissingInputError(
                f"judge '{self.name}': the server at {self.model.address} answered none of {len(answers)} questions "
                f"({answers[0].detail if isinstance(answers[0], Unanswered) else ''}); start it again, and run the "
                "same command: answers that came are kept"
            )
        return answers

    def demand_server(self) -> None:
        """Ask one question on blank pictures, and look at the prompt that the server makes of it.

        Raises:
            MissingInputError: no server answers.
            ConfigError: it refuses the question, gives no logprobs, or takes the pictures from their labels.
        """
        blank = _blank()
        question = Question(blank, [blank] * self.n_references)
        outcome = self._asked(question)
        if isinstance(outcome, Unanswered):
            raise MissingInputError(
                f"judge '{self.name}': no answer from the server at {self.model.address} ({outcome.detail}); start it, "
                "or correct the address"
            )
        if self.model.prompt_check == "required":
            text = self._server.prompt(self._messages(question))
            demand_labels(self.name, text, self.words, self.n_references)

    def _asked_in_the_middle(self, question: Question) -> Response | Unanswered:
        """As `_asked`. The server has answered before, so a question that it refuses is unanswered, and the others go on."""
        try:
            return self._asked(question)
        except ConfigError as error:
            return Unanswered(str(error))

    def _asked(self, question: Question) -> Response | Unanswered:
        body = {
            "model": self.model.model,
            "messages": self._messages(question),
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": True,
            "top_logprobs": TOP,
        }
        reply = self._server.asked("/chat/completions", body)
        return reply if isinstance(reply, Unanswered) else self._read(reply)

    def _read(self, sent: Reply) -> Response | Unanswered:
        """The answer in the JSON that a server sent.

        Raises:
            ConfigError: it has no logprobs, and params require them.
        """
        try:
            choice = json.loads(sent.text)["choices"][0]
            reply = str(choice["message"]["content"] or "")
            scores = _first_word(choice)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            return Unanswered(f"an answer that is none: {self._server.shortened(sent.text)}")
        if scores:
            yes = self._share(scores, self.words.words_yes)
            no = self._share(scores, self.words.words_no)
            return answer(yes, no, reply)
        if self.model.logprobs == "required":
            raise ConfigError(
                f"judge '{self.name}': the server at {self.model.address} gives no logprobs, from which p_yes is computed; "
                "let it give them, or set logprobs: optional"
            )
        return self._plain(reply)

    def _share(self, scores: Mapping[str, float], words: Sequence[str]) -> float:
        """The probability that the first word is one of some words; a word that is not among the most probable counts as 0.

        Args:
            scores: logarithm of the probability of each token.
            words: those of yes, or of no.
        """
        # a logprob above 0 can only be a rounding error of the server
        return math.fsum(
            math.exp(min(score, 0.0)) for token, score in scores.items() if _word(token) in words
        )

    def _plain(self, reply: str) -> Response:
        """The answer in a plain word, without probabilities; an abstention where it is neither yes nor no."""
        word = _word(reply)
        if word in self.words.words_yes or word in self.words.words_no:
            p_yes = 1.0 if word in self.words.words_yes else 0.0
            return Response(p_yes=p_yes, mass=1.0, reply=reply, reason=WITHOUT_SCORES)
        return Response(p_yes=0.5, mass=0.0, reply=reply, reason=f"said {reply!r}, and {WITHOUT_SCORES}")

    def _messages(self, question: Question) -> list[dict[str, Any]]:
        pictures = [question.query, *question.references]
        content: list[dict[str, Any]] = []
        for part in parts(self.words, len(question.references)):
            if isinstance(part, Shown):
                content.append({"type": "image_url", "image_url": {"url": _data_url(pictures[part.number])}})
            else:
                content.append({"type": "text", "text": part})
        return [{"role": "user", "content": content}]


def _first_word(choice: Mapping[str, Any]) -> dict[str, float]:
    """Token to logarithm of its probability, of the most probable first words; empty where the server gives no logprobs."""
    words = (choice.get("logprobs") or {}).get("content") or []
    if not words:
        return {}
    return {str(item["token"]): float(item["logprob"]) for item in words[0]["top_logprobs"]}


def _blank() -> RgbImage:
    """A small grey picture."""
    return np.full((_PROBE_SIDE, _PROBE_SIDE, 3), 128, dtype=np.uint8)


def _data_url(picture: RgbImage) -> str:
    """The picture as a PNG inside a URL, since a request holds no files."""
    png = io.BytesIO()
    Image.fromarray(picture).save(png, "PNG", compress_level=1)
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"


def _word(text: str) -> str:
    """A token's or a reply's word, without the marks of tokenizers and full stops."""
    return text.strip(" \t\n\u2581\u0120.,!\"'*")
