"""Replies that have begun already go on as they would have."""

import pytest

from caseback.chat import user
from caseback.errors import CasebackError
from caseback.subject.load import load
from caseback.subject.subject import Sampling
from models_for_tests import save_tiny

CHATS = [[user("What is the capital of Ohio?")], [user("Help me.")], [user("Say one, two, three.")]]


@pytest.mark.parametrize("arch", ["llama", "gpt2"])
@pytest.mark.parametrize("template", [True, False])
def test_a_reply_begun_with_its_own_first_tokens_is_the_same_reply(tmp_path, arch, template):
    options = {} if template else {"chat_template": None}
    subject = load(str(save_tiny(tmp_path / "m", arch, **options)))
    whole = subject.generate(CHATS, Sampling(20))
    for k in (0, 1, 5):
        begun = [reply.tokens[:k] for reply in whole]
        again = subject.generate(CHATS, Sampling(20 - k), begun=begun)
        for reply, first in zip(again, whole, strict=True):
            assert reply.text == first.text
            assert reply.tokens == first.tokens[k:]


def test_each_chat_needs_a_beginning(tmp_path):
    subject = load(str(save_tiny(tmp_path / "m")))
    with pytest.raises(CasebackError, match="2 beginnings for 3 chats"):
        subject.generate(CHATS, begun=[[1], [2]])
