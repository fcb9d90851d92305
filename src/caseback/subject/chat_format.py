"""From chats to prompt tokens and from completions to replies, by the tokenizer's template or honestly without one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from caseback.chat import Chat, Message, begun_thinking
from caseback.errors import CasebackError

ROLES = ("system", "user", "assistant", "tool")
PLAIN_STOP = "\nUser:"
"""A model without a template goes on to write the user's next turn; there the reply ends."""
THINKING_TAGS = (
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),
    ("<thinking>", "</thinking>"),
    ("<seed:think>", "</seed:think>"),
    ("<|channel|>analysis<|message|>", "<|start|>assistant<|channel|>final<|message|>"),
)
"""How thinking sections are marked; the first pair whose marks a tokenizer or its template knows is the one in use."""


@dataclass(frozen=True)
class Prompt:
    """A chat ready for the model. ``thinking``: it ends inside a thinking section, which the reply begins in.

    ``begun`` are the last of ``ids`` where these are the beginning of the reply already; they are not in ``text``.
    """

    text: str
    ids: list[int]
    thinking: bool
    begun: tuple[int, ...] = ()


@dataclass(frozen=True)
class ChatFormat:
    """How one tokenizer's model is talked to.

    Attributes:
        tokenizer: a transformers tokenizer.
        has_template: False where chats are put as plain ``User:`` and ``Assistant:`` lines, for want of a template.
        has_system_role: False where system text is put at the head of the first user turn instead.
        end_ids: tokens that end a reply.
        tags: what opens and closes a thinking section.
        options: passed on to the template, e.g. ``{"enable_thinking": False}``.
    """

    tokenizer: Any
    has_template: bool
    has_system_role: bool
    end_ids: frozenset[int]
    tags: tuple[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stops(self) -> tuple[str, ...]:
        """Stop strings that come with the format."""
        return () if self.has_template else (PLAIN_STOP,)

    def prompt(self, chat: Chat) -> Prompt:
        """Render and tokenize a chat. One that ends with an assistant's message has that message continued; where that
        holds nothing but ``reasoning_content``, its thinking is.

        Raises:
            CasebackError: the chat is empty, has an unknown role, or is refused by the template.
        """
        messages = _checked(chat)
        if thought := begun_thinking(messages):
            return self._thinking_on(messages[:-1], thought)
        if not self.has_template:
            text = _plain(messages)
            ids = list(self.tokenizer(text).input_ids)
            if ids and ids[-1] in self.end_ids:  # some tokenizers end every text
                ids.pop()
            return Prompt(text, ids, thinking=False)
        text = self._rendered(messages if self.has_system_role else _system_into_user(messages))
        # Templates write the beginning-of-text token themselves; a second one would be a different prompt.
        ids = list(self.tokenizer(text, add_special_tokens=False).input_ids)
        return Prompt(text, ids, thinking=text.rstrip().endswith(self.tags[0]))

    def _thinking_on(self, messages: list[Message], thought: str) -> Prompt:
        if not self.has_template:
            raise CasebackError("a model without a chat template has no thinking section to begin; leave that out")
        text = self.prompt(messages).text
        opened = text if text.rstrip().endswith(self.tags[0]) else f"{text}{self.tags[0]}\n"
        text = f"{opened}{thought}"
        return Prompt(text, list(self.tokenizer(text, add_special_tokens=False).input_ids), thinking=True)

    def _rendered(self, messages: list[Message]) -> str:
        refusal = ""
        # Some templates insist that roles alternate.
        for attempt in (messages, _same_roles_joined(messages)):
            try:
                return render(self.tokenizer, attempt, self.options)
            except Exception as error:  # a template may raise anything: it is code of the model's maker
                refusal = refusal or " ".join(str(error).split())
        roles = ", ".join(message["role"] for message in messages)
        raise CasebackError(f"the chat template refuses a chat with roles {roles}: {refusal}")

    @property
    def thinks(self) -> bool:
        """Whether the tokenizer or its template knows the marks of a thinking section."""
        return _knows(self.tokenizer, self.tags)

    def decode(self, tokens: list[int]) -> str:
        """The completion's raw text, marks of thinking sections and special tokens included."""
        text: str = self.tokenizer.decode(tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text

    def split(self, raw: str, thinking: bool) -> tuple[str, str]:
        """Thinking and text of a completion's raw text.

        Special tokens are dropped, and so is the blank space around the thinking, before the text, and after it.

        Args:
            raw: from ``decode``.
            thinking: whether the prompt ended inside a thinking section.
        """
        opening, closing = self.tags
        if thinking or (closing in raw and opening not in raw):
            raw = opening + raw
        before, _, rest = raw.partition(opening)
        inside, _, after = rest.partition(closing)
        return self._cleaned(inside).strip(), self._cleaned(before + after)

    def _cleaned(self, text: str) -> str:
        for token in self.tokenizer.all_special_tokens:
            text = text.replace(token, "")
        text = text.lstrip("\n").rstrip()
        return text if self.has_template else text.lstrip()


def chat_format(tokenizer: Any, end_ids: frozenset[int]) -> ChatFormat:
    """Find out by trial how this tokenizer's chats work. ``end_ids``: the model's own end-of-text tokens."""
    template = tokenizer.chat_template
    known = [tags for tags in THINKING_TAGS if _knows(tokenizer, tags)]
    if tokenizer.eos_token_id is not None:
        end_ids |= {tokenizer.eos_token_id}
    # In the channel format the end of a message is not the end of the turn.
    if template and "<|channel|>" not in _source(tokenizer):
        end_ids |= _end_of_turn(tokenizer)
    return ChatFormat(
        tokenizer=tokenizer,
        has_template=bool(template),
        has_system_role=bool(template) and _renders(tokenizer, "system"),
        end_ids=end_ids,
        tags=known[0] if known else THINKING_TAGS[0],
    )


def _source(tokenizer: Any) -> str:
    template = tokenizer.chat_template
    return template if isinstance(template, str) else " ".join((template or {}).values())


def _knows(tokenizer: Any, tags: tuple[str, str]) -> bool:
    vocabulary = tokenizer.get_added_vocab()
    return tags[0] in _source(tokenizer) or all(tag in vocabulary for tag in tags)


def render(tokenizer: Any, messages: list[Message], options: Mapping[str, Any]) -> str:
    """The template's text for these messages, ready for the assistant's next words."""
    continued = messages[-1]["role"] == "assistant"
    text: str = tokenizer.apply_chat_template(
        messages,
        tokenize=False,
        add_generation_prompt=not continued,
        continue_final_message=continued,
        **options,
    )
    return text


def _renders(tokenizer: Any, role: str) -> bool:
    try:
        messages = [{"role": role, "content": "qzprobezq"}, {"role": "user", "content": "hello"}]
        return "qzprobezq" in tokenizer.apply_chat_template(messages, tokenize=False)
    except Exception:  # templates refuse roles with errors of any kind
        return False


def _end_of_turn(tokenizer: Any) -> frozenset[int]:
    """The special token that the template puts right after an assistant's words, if it does."""
    messages = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "qzprobezq"}]
    try:
        after = tokenizer.apply_chat_template(messages, tokenize=False).partition("qzprobezq")[2].lstrip()
    except Exception:  # see above
        return frozenset()
    ids = tokenizer(after, add_special_tokens=False).input_ids[:1]
    special = set(tokenizer.all_special_ids) | set(tokenizer.get_added_vocab().values())
    return frozenset(ids) & special


def _checked(chat: Chat) -> list[Message]:
    if not chat:
        raise CasebackError("an empty chat: give it at least one message")
    for message in chat:
        if message.get("role") not in ROLES or not isinstance(message.get("content"), str):
            raise CasebackError(f"message {message!r:.80}: it needs a role out of {', '.join(ROLES)}, and text content")
    return list(chat)


def _plain(messages: list[Message]) -> str:
    names = {"user": "User: ", "assistant": "Assistant: ", "tool": "Tool: ", "system": ""}
    text = "\n\n".join(names[message["role"]] + message["content"] for message in messages)
    return text if messages[-1]["role"] == "assistant" else text + "\n\nAssistant:"


def _system_into_user(messages: list[Message]) -> list[Message]:
    system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    rest = [message for message in messages if message["role"] != "system"]
    if not system:
        return rest
    if rest and rest[0]["role"] == "user":
        return [{"role": "user", "content": f"{system}\n\n{rest[0]['content']}"}, *rest[1:]]
    return [{"role": "user", "content": system}, *rest]


def _same_roles_joined(messages: list[Message]) -> list[Message]:
    joined: list[Message] = []
    for message in messages:
        role: Any = "user" if message["role"] == "tool" else message["role"]
        if joined and joined[-1]["role"] == role:
            joined[-1] = {**joined[-1], "content": f"{joined[-1]['content']}\n\n{message['content']}"}
        else:
            joined.append({**message, "role": role})
    return joined
