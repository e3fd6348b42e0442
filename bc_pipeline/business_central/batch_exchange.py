"""One ``$batch`` on its way: what its answers mean, and what has to be sent again."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import orjson

from bc_pipeline.business_central.answers import encoded
from bc_pipeline.business_central.batch_model import Answer, BatchMode, Part, PartAnswer, answers_of
from bc_pipeline.business_central.retry import leaves_doubt, worth_repeating
from bc_pipeline.business_central.transport import Connection
from bc_pipeline.errors import PipelineError, RequestFailed
from bc_pipeline.http.meanings import THROTTLED

FAILED_DEPENDENCY = 424
"""HTTP's word for: not done because another part of the transaction failed."""
NO_ANSWER = "Business Central gave no answer to this part of a batch"

_MODE_HEADERS: Mapping[BatchMode, Mapping[str, str]] = {
    "independent": {"Prefer": "odata.continue-on-error=true"},
    "atomic": {"Isolation": "snapshot"},
}

log = logging.getLogger(__name__)


class Exchange:
    """One batch, sent until each of its parts has its end, in ``done``."""

    def __init__(self, bc: Connection, parts: Sequence[Part], mode: BatchMode) -> None:
        self._bc = bc
        self._mode = mode
        self._left = list(parts)
        self._requests = {part.id: orjson.Fragment(encoded(part.as_json())) for part in parts}
        self._tries = dict.fromkeys((part.id for part in parts), 0)
        self._renewed = False
        self.done: dict[str, PartAnswer] = {}

    def run(self) -> None:
        while self._left:
            answers = self._ask()
            again = self._atomic(answers) if self._mode == "atomic" else self._each(answers)
            self._left = again
            if again:
                self._wait([answers[part.id] for part in again if part.id in answers])

    def give_up(self, error: PipelineError) -> None:
        """Ends what is left after ``error`` ended the asking."""
        uncertain = isinstance(error, RequestFailed) and error.uncertain
        for part in self._left:
            # Parts left here were not done by any answer so far; only the last request is open.
            self.done[part.id] = PartAnswer(
                part.id,
                None,
                error_code=error.code if isinstance(error, RequestFailed) else None,
                error_message=str(error),
                uncertain=uncertain and not part.reads_only,
                sent=uncertain,
            )

    def _ask(self) -> dict[str, Answer]:
        """One request; the answers it brought, by part id."""
        http = self._bc.http
        reads_only = all(part.reads_only for part in self._left)
        answers = http.request(
            "POST",
            self._bc.api_url("$batch"),
            answers_of,
            headers=dict(_MODE_HEADERS[self._mode]),
            body={"requests": [self._requests[part.id] for part in self._left]},
            reads_only=reads_only,
        )
        if unknown := answers.keys() - {part.id for part in self._left}:
            log.warning("a $batch answered %d parts that nobody sent", len(unknown))
        return answers

    def _each(self, answers: Mapping[str, Answer]) -> list[Part]:
        """Independent parts: notes what is settled; the others are to be sent again."""
        unreached = _unreached(self._left, answers)
        return [
            part
            for part in self._left
            if part.id in unreached or not self._settled(part, answers.get(part.id))
        ]

    def _settled(self, part: Part, answer: Answer | None) -> bool:
        if answer is not None and answer.ok:
            self.done[part.id] = PartAnswer(part.id, answer.status, answer.body)
            return True
        if self._may_repeat(part, answer):
            return False
        self.done[part.id] = self._failed(part, answer)
        return True

    def _atomic(self, answers: Mapping[str, Answer]) -> list[Part]:
        """One transaction: all of it worked, or none."""
        parts = self._left
        culprit = next(
            (part for part in parts if part.id in answers and not answers[part.id].ok),
            next((part for part in parts if part.id not in answers), None),
        )
        if culprit is None:
            for part in parts:
                self._settled(part, answers[part.id])
            return []
        answer = answers.get(culprit.id)
        writer = next((part for part in parts if not part.reads_only), culprit)
        if self._may_repeat(writer, answer):
            return parts
        failed = self._failed(writer, answer)
        keep = failed.uncertain or failed.later
        for part in parts:
            self.done[part.id] = PartAnswer(
                part.id,
                failed.status if keep or part is culprit else FAILED_DEPENDENCY,
                failed.body if part is culprit else None,
                failed.error_code,
                failed.error_message
                if part is culprit
                else f"rolled back together with part {culprit.id}: {failed.error_message}",
                uncertain=failed.uncertain and not part.reads_only,
            )
        return []

    def _may_repeat(self, part: Part, answer: Answer | None) -> bool:
        """Whether sending the part again is allowed, and its tries are not used up."""
        if answer is not None and answer.status == 401:
            # The token ran out while the batch was at work: once, with another one.
            return not self._renewed
        if answer is None:
            repeatable = part.reads_only
        elif part.reads_only:
            repeatable = worth_repeating(answer.status, answer.error_code, answer.error_message)
        else:
            repeatable = answer.status == THROTTLED
        if repeatable:
            self._tries[part.id] += 1
        return repeatable and self._tries[part.id] < self._bc.tenant.business_central.max_attempts

    def _failed(self, part: Part, answer: Answer | None) -> PartAnswer:
        if answer is None:
            return PartAnswer(part.id, None, error_message=NO_ANSWER, uncertain=not part.reads_only)
        uncertain = not part.reads_only and leaves_doubt(answer.status)
        return PartAnswer(
            part.id,
            None if uncertain else answer.status,
            answer.body,
            answer.error_code,
            self._bc.http.redacted(answer.error_message),
            uncertain=uncertain,
        )

    def _wait(self, refused: Sequence[Answer]) -> None:
        """Before sending again: as long as BC asks for, and for everybody after a 429."""
        if any(answer.status == 401 for answer in refused):
            self._renewed = True
            self._bc.http.renew_token()
        throttled = [answer for answer in refused if answer.status == THROTTLED]
        tries = max(self._tries[part.id] for part in self._left)
        if not tries:
            return
        self._bc.counter.count(retried=1, throttled=len(throttled))
        asked = [answer.retry_after for answer in refused if answer.retry_after is not None]
        seconds = max(asked) if asked else self._bc.backoff.seconds(tries)
        if throttled:
            self._bc.throttle.pause(seconds)
        self._bc.throttle.wait(seconds)


def _unreached(parts: Sequence[Part], answers: Mapping[str, Answer]) -> set[str]:
    """Parts BC never started, because it stopped at the first failure (behaviour.md 4.2).

    That explains a gap only when the answers are those of the first parts, the last one of them
    failed and no other one did. Any other gap is unexplained.
    """
    answered = [part.id in answers for part in parts]
    count = sum(answered)
    if not count or count == len(parts) or not all(answered[:count]):
        return set()
    worked = [answers[part.id].ok for part in parts[:count]]
    if worked[-1] or not all(worked[:-1]):
        return set()
    return {part.id for part in parts[count:]}
