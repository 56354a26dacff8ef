"""How models are served: what is waited for, how much is taken at once, and what is refused."""

from dataclasses import dataclass

from token_classification.arguments.values import check_values


@dataclass(frozen=True, kw_only=True)
class ServingArguments:
    """How models are served: what is waited for, how much is taken at once, and what is refused."""

    host: str = "127.0.0.1"
    port: int = 8080
    reuse_port: bool = False
    """Whether other processes may listen at the same port"""
    max_batch_tokens: int | None = None
    """Padded positions of a batch; None: by the device"""
    batch_wait_ms: float = 5.0
    """How long the first text of an idle server waits for others to share its batch"""
    queue_capacity: int = 4096
    """Texts that may wait; one of more than 2,000 characters counts several times"""
    max_text_characters: int = 100_000
    max_texts_per_request: int = 1024
    max_body_bytes: int = 16 * 2**20
    request_timeout_s: float = 30.0
    api_key: str | None = None

    def __post_init__(self) -> None:
        check_values(self)
