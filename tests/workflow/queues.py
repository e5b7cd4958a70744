"""The URLs of the refusal queue, to which only ADMISSION may send, and of its dead letters."""

from __future__ import annotations

from tests.workflow.service import Service


def refusal_queue(service: Service) -> str:
    (found,) = [url for url in _urls(service) if "DeadLetters" not in url]
    return found


def dead_letters_queue(service: Service) -> str:
    (found,) = [url for url in _urls(service) if "DeadLetters" in url]
    return found


def _urls(service: Service) -> list[str]:
    return [url for url in service.aws("sqs").list_queues()["QueueUrls"] if "-Refusal" in url]
