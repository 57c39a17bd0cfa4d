"""The queues of the telephone system: which number was called, what it takes to answer there, and how long it may ring."""

from __future__ import annotations

from pydantic import Field, model_validator

from backend.matrix.parts import Key, Labelled, Part


class ServiceLevel(Part):
    """What is promised to whoever calls: of all calls this `share` is answered within so many `seconds`."""

    seconds: int = Field(ge=1, le=3600)
    share: float = Field(gt=0, le=1)


class Queue(Labelled):
    """The lines that customers call for one thing. `skill`: who answers has it; None: anybody.

    `ring_seconds`: so long a call rings at one desk before it is offered to the next.
    """

    lines: tuple[str, ...] = Field(min_length=1)
    skill: Key | None = None
    ring_seconds: int = Field(default=20, ge=5, le=300)
    service_level: ServiceLevel | None = None
    """Where something else is promised than for all."""


class Telephony(Part):
    """What agents can be skilled in, and the queues that ask for it."""

    skills: tuple[Labelled, ...] = ()
    queues: tuple[Queue, ...] = ()
    service_level: ServiceLevel | None = None
    """Promised in every queue that promises nothing else; None: nothing is promised."""

    @model_validator(mode="after")
    def _known_skills(self) -> Telephony:
        known = {one.key for one in self.skills}
        for queue in self.queues:
            if queue.skill is not None and queue.skill not in known:
                raise ValueError(f"queue {queue.key} asks for the skill {queue.skill}, which there is not")
        lines = [_digits(line) for queue in self.queues for line in queue.lines]
        if len(set(lines)) != len(lines) or not all(lines):
            raise ValueError("each line is a number, and belongs to one queue")
        return self

    def queue_of(self, line: str) -> Queue | None:
        """The queue to which the called number belongs, however it is written; None for a number of none."""
        called = _digits(line)
        return next((queue for queue in self.queues if called and called in map(_digits, queue.lines)), None)

    def level_of(self, label: str) -> ServiceLevel | None:
        """What is promised in the queue of this label; to whom no queue is for, what is promised to all."""
        own = next((queue.service_level for queue in self.queues if queue.label == label), None)
        return own or self.service_level


def _digits(line: str) -> str:
    return "".join(character for character in line if character.isdigit()).lstrip("0")
