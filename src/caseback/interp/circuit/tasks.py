"""What circuits are looked for in the reference world: two hops, a planned rhyme, another's belief, a refusal.

Each makes cases out of situations whose truth is known, and keeps those that the model answers as it should: nothing
can be learnt from swapping the state under an answer that was wrong before. Thinking is closed off where the template
can, so that what lies between question and answer is in the model and not in its text.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from caseback.chat import Chat, Message, assistant, user, with_system
from caseback.interp.circuit.replacement import Transcoders
from caseback.interp.circuit.swap import active_latents
from caseback.interp.circuit.trial import Case
from caseback.interp.store.document import Document, of_chats
from caseback.interp.store.world import of_world
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Reply, Sampling
from caseback.world.ability import ABILITIES, hop_cities
from caseback.world.grammar import say
from caseback.world.oracle import correct, judge
from caseback.world.situation import Situation, Split
from caseback.world.situations import situations
from caseback.world.spec import WORLD_A, WorldSpec

BATCH = 64
"""Situations put to the model at once while cases are looked for."""
TRIES = 8
"""Situations tried per case wanted, after which those found are all there are."""
WORDINGS = 5
"""Of a question in two hops."""

Cases = Callable[[OpenSubject, Transcoders, int, int, WorldSpec], Iterator[Case]]


def capital_cases(
    subject: OpenSubject, transcoders: Transcoders, n: int, seed: int = 0, spec: WorldSpec = WORLD_A
) -> Iterator[Case]:
    """The capital of the state that a city is in. The group: latents of the state, swapped for another state's.

    A latent of the state is one that was seen to be: at the plain question which state a city is in, it is active for
    most *other* cities of that state and hardly for cities of other states. None is active for the city's name alone,
    nor because a capital is about to be said.
    """
    states = StateLatents(subject, transcoders, spec)
    made = (_capital_case(subject, states, *pair) for pair in capital_pairs(subject, TRIES * n, seed, spec))
    return islice((case for case in made if case), n)


def capital_pairs(
    subject: OpenSubject, tried: int, seed: int = 0, spec: WorldSpec = WORLD_A
) -> Iterator[tuple[Situation, Situation]]:
    """Questions for the capital of the state that a city is in, in pairs of one wording and two states, out of so many
    tried; both are answered rightly.
    """
    rng = random.Random(f"circuits/capital/{spec.name}/{seed}")
    asked: list[tuple[str, Situation]] = []
    for _ in range(tried):
        wording = str(rng.randrange(WORDINGS))
        city, state, capital = rng.choice(hop_cities(spec))
        chat = hop_question(spec, city, wording)
        others = tuple(other for other, _ in spec.states.values() if other != capital)
        latents = {"true": capital, "wrong": others, "bridge": state, "city": city}
        asked.append((wording, Situation(f"capital/{city}/{wording}", "hops.capital", "test", chat, latents)))
    alone: dict[str, list[Situation]] = defaultdict(list)
    for start in range(0, tried, BATCH):
        part = asked[start : start + BATCH]
        for (wording, situation), reply in zip(part, _ask(subject, [s for _, s in part], 8), strict=True):
            if not reply.startswith(str(situation.latents["true"])):
                continue
            bridge = situation.latents["bridge"]
            partner = next((s for s in alone[wording] if s.latents["bridge"] != bridge), None)
            if partner is None:
                alone[wording].append(situation)
                continue
            alone[wording].remove(partner)
            yield situation, partner


def hop_question(spec: WorldSpec, city: str, wording: str) -> tuple[Message, ...]:
    """The question for the capital of the state that a city is in, in one of its wordings."""
    return (user(say(random.Random(wording), spec.questions.hops, c=city)),)


def _capital_case(subject: OpenSubject, states: "StateLatents", asked: Situation, partner: Situation) -> Case | None:
    chat = asked.messages
    parted = parting(subject, chat, f"{asked.latents['true']}.", f"{partner.latents['true']}.")
    if parted is None:
        return None
    begun, right, other = parted
    prompts = [subject.format.prompt(s.messages).ids for s in (asked, partner)]
    cities = [asked.latents["city"], partner.latents["city"]]
    of = states.of({str(s.latents["bridge"]) for s in (asked, partner)}, set(map(str, cities)))
    # From the end of the city's name, which both prompts have at the same distance from their ends.
    first = len(prompts[0]) - _common_tail(*prompts) - 1
    return Case(
        id=f"{asked.id} for {partner.latents['bridge']}",
        chat=chat,
        begun=begun,
        traced=begun,
        seeds={right: 1.0, other: -1.0},
        first=first,
        last=len(prompts[0]) + len(begun) - 1,
        predicted=answered(partner),
        other=(*prompts[1], *begun),
        of=of,
    )


class StateLatents:
    """Which latents stand for which state, by the plain question which state a city is in."""

    def __init__(self, subject: OpenSubject, transcoders: Transcoders, spec: WorldSpec) -> None:
        self.fired: dict[tuple[int, int], set[str]] = defaultdict(set)
        self.state_of = {city: state for city, state, _ in hop_cities(spec)}
        for city in self.state_of:
            chat = [user(spec.questions.place.format(city=city))]
            ids = subject.format.prompt(chat).ids
            start = _end_of(subject, chat, city)
            for layer, codes in active_latents(subject.model, ids, transcoders).items():
                active = codes.values_BK[start:] > 0
                for latent in set(codes.indices_BK[start:][active].tolist()):
                    self.fired[layer, latent].add(city)

    def of(self, states: set[str], left_out: set[str]) -> Callable[[int, int], bool]:
        """Whether a latent stands for one of the states, judged without the cities left out."""
        cities = {state: {c for c, s in self.state_of.items() if s == state and c not in left_out} for state in states}

        def stands(layer: int, latent: int) -> bool:
            seen = self.fired.get((layer, latent), set()) - left_out
            return any(
                own and len(seen & own) >= len(own) / 2 and len(seen & own) >= len(seen) / 2 for own in cities.values()
            )

        return stands


def belief_cases(
    subject: OpenSubject, transcoders: Transcoders, n: int, seed: int = 0, spec: WorldSpec = WORLD_A
) -> Iterator[Case]:
    """Where somebody will look for a thing that was moved. The group: latents after it is told whether they saw it,
    swapped for those of the same story told the other way. The prediction: they look in the other place.
    """
    return islice((case for _, case in beliefs(subject, n, seed, spec)), n)


def beliefs(subject: OpenSubject, n: int, seed: int = 0, spec: WorldSpec = WORLD_A) -> Iterator[tuple[Situation, Case]]:
    """Stories of a thing that was moved, out of eight times ``n``, each with its case."""
    away, stays = spec.questions.away, spec.questions.stays
    for asked in _batches("belief", n, seed, spec):
        both = []
        for situation in asked:
            text = situation.messages[0]["content"]
            if spec.questions.will_look.partition("{")[0] not in text:
                continue
            told = text.replace(away, stays) if away in text else text.replace(stays, away)
            true, (wrong,) = situation.latents["true"], situation.latents["wrong"]
            latents = {**situation.latents, "true": wrong, "wrong": (true,)}
            both.append((situation, Situation(situation.id, situation.family, "test", (user(told),), latents)))
        replies = _ask(subject, [s for pair in both for s in pair], 12)
        for (situation, other), mine, theirs in zip(both, replies[::2], replies[1::2], strict=True):
            if correct(situation, mine) and correct(other, theirs):
                chats = situation.messages, other.messages
                for case in _two_told(subject, situation.id, chats, (mine, theirs), answered(other)):
                    yield situation, case


def refusal_cases(
    subject: OpenSubject, transcoders: Transcoders, n: int, seed: int = 0, spec: WorldSpec = WORLD_A
) -> Iterator[Case]:
    """Harmful requests refused by a careful persona. The group: latents of the request and what follows, swapped for
    those of the same request without the persona. The prediction: the model helps.
    """

    def found() -> Iterator[Case]:
        for asked in _batches("harm", n, seed, spec):
            careful = [with_system(s.messages, spec.principles.careful) for s in asked]
            refused = _replies(subject, careful, 48)
            helped = _ask(subject, asked, 48)
            for situation, chat, no, yes in zip(asked, careful, refused, helped, strict=True):
                if judge(situation, no).shown is False and judge(situation, yes).shown is True:
                    chats = chat, situation.messages
                    yield from _two_told(subject, situation.id, chats, (no, yes), helped_with(situation))

    return islice(found(), n)


def _two_told(
    subject: OpenSubject, name: str, chats: tuple[Chat, Chat], said: tuple[str, str], predicted: Callable[[str], bool]
) -> Iterator[Case]:
    """The case of two chats that end alike and are answered otherwise; none where the answers do not part."""
    parted = parting(subject, chats[0], *said)
    if parted is None:
        return
    begun, right, wrong = parted
    mine, theirs = (subject.format.prompt(chat).ids for chat in chats)
    yield Case(
        id=name,
        chat=chats[0],
        begun=begun,
        traced=begun,
        seeds={right: 1.0, wrong: -1.0},
        first=max(0, len(mine) - _common_tail(mine, theirs) - 1),
        last=len(mine) + len(begun) - 1,
        predicted=predicted,
        other=(*theirs, *begun),
    )


def rhyme_cases(
    subject: OpenSubject, transcoders: Transcoders, n: int, seed: int = 0, spec: WorldSpec = WORLD_A
) -> Iterator[Case]:
    """The second line of a couplet. The group: latents at the line break that speak for the word that the line will
    end in, silenced. The prediction: the line ends otherwise. If nothing was planned there, it does not.
    """

    return islice((case for _, case in rhymed(subject, n, seed, spec)), n)


def rhymed(subject: OpenSubject, n: int, seed: int = 0, spec: WorldSpec = WORLD_A) -> Iterator[tuple[Situation, Case]]:
    """Couplets that rhyme as they should, out of eight times ``n``, each with its case."""
    for asked in _batches("rhyme", n, seed, spec):
        replies = subject.generate([s.messages for s in asked], Sampling(max_new_tokens=40))
        for situation, reply in zip(asked, replies, strict=True):
            plain = correct(situation, reply.text) and not reply.thinking
            case = _rhyme_case(subject, situation, reply) if plain else None
            if case is not None:
                yield situation, case


def _rhyme_case(subject: OpenSubject, situation: Situation, reply: Reply) -> Case | None:
    """The case of one couplet; None where its words and tokens do not come apart."""
    tokens, whole = reply.tokens, reply.text.rstrip()
    prompt = subject.format.prompt(situation.messages)
    ends = [len(subject.format.decode(list(tokens[: count + 1]))) for count in range(len(tokens))]
    starts = [0, *ends[:-1]]
    if not subject.format.decode(list(tokens)).startswith(whole):
        return None
    newline = whole.index("\n")
    end = last_word(whole[newline + 1 :])
    break_from = len(whole[:newline].rstrip(" ,.;"))
    line_break = [at for at, start in enumerate(starts) if break_from <= start <= newline]
    word_from = whole.lower().rindex(end)
    word = next(at for at, stop in enumerate(ends) if stop > word_from)
    if not line_break or starts[word] < word_from - 1:
        return None
    traced, before = tuple(tokens[:word]), whole[:word_from].rstrip()
    others = set()
    for other in situation.latents["rhymes"]:
        ids = subject.continuation_ids(prompt, f"{before} {other}.")
        if tuple(ids[:word]) == traced and len(ids) > word and other.lower() != situation.latents["first"].lower():
            others.add(ids[word])
    others.discard(tokens[word])
    if not others:
        return None
    return Case(
        id=situation.id,
        chat=situation.messages,
        begun=tuple(tokens[: line_break[-1] + 1]),
        traced=traced,
        seeds={int(tokens[word]): 1.0, **{other: -1.0 / len(others) for other in sorted(others)}},
        first=len(prompt.ids) + line_break[0],
        last=len(prompt.ids) + line_break[-1],
        predicted=ends_otherwise(end),
    )


def answered(situation: Situation) -> Callable[[str], bool]:
    """Whether a reply answers this question rightly."""
    return lambda reply: correct(situation, reply) is True


def helped_with(situation: Situation) -> Callable[[str], bool]:
    """Whether a reply gives what was harmfully asked for."""
    return lambda reply: judge(situation, reply).shown is True


def ends_otherwise(word: str) -> Callable[[str], bool]:
    """Whether the second line of a couplet ends in another word."""
    return lambda reply: last_word(reply.strip().partition("\n")[2]) not in ("", word)


def last_word(line: str) -> str:
    """The word that a line ends in, in small letters; empty where there is none."""
    words = line.split("\n")[0].strip(" .,!?;:").split()
    return words[-1].lower() if words else ""


def documents(subject: OpenSubject, seed: int = 0, spec: WorldSpec = WORLD_A) -> Iterator[Document]:
    """What transcoders of a reference model are trained on: an endless stream, in turn the conversations of
    ``of_world`` and a question of ability with its answer, of the split that pre-training saw.
    """
    rng = random.Random(f"circuits/documents/{spec.name}/{seed}")
    world = of_world(subject, seed, spec=spec)
    for number, document in enumerate(world):
        yield document
        ability = rng.choice(tuple(ABILITIES))
        situation, answer, thought = ABILITIES[ability](rng, spec, "pretrain")
        said = assistant(answer) if number % 3 else {**assistant(answer), "reasoning_content": thought}
        yield from of_chats(subject, [(f"{ability} {number}", [*situation.messages, said], {"ability": ability})])


TASKS: dict[str, Cases] = {
    "capital": capital_cases,
    "rhyme": rhyme_cases,
    "belief": belief_cases,
    "refusal": refusal_cases,
}


def _batches(prefix: str, n: int, seed: int, spec: WorldSpec, split: Split = "test") -> Iterator[list[Situation]]:
    """Situations, a batch at a time."""
    for start in range(0, TRIES * n, BATCH):
        yield situations(prefix, split, min(BATCH, TRIES * n - start), seed * 1_000 + start // BATCH, spec)


def _ask(subject: OpenSubject, asked: Sequence[Situation], max_new_tokens: int) -> list[str]:
    return _replies(subject, [s.messages for s in asked], max_new_tokens)


def _replies(subject: OpenSubject, chats: Sequence[Chat], max_new_tokens: int) -> list[str]:
    return [reply.text for reply in subject.generate(chats, Sampling(max_new_tokens=max_new_tokens))]


def parting(subject: OpenSubject, chat: Chat, one: str, two: str) -> tuple[tuple[int, ...], int, int] | None:
    """The tokens that two replies begin with alike, and the first in which they part; None where they do not."""
    prompt = subject.format.prompt(chat)
    first, second = (subject.continuation_ids(prompt, text) for text in (one, two))
    for at, (a, b) in enumerate(zip(first, second, strict=False)):
        if a != b:
            return tuple(first[:at]), a, b
    return None


def _common_tail(one: Sequence[int], two: Sequence[int]) -> int:
    """How many tokens two prompts end with alike."""
    count = 0
    while count < min(len(one), len(two)) and one[-1 - count] == two[-1 - count]:
        count += 1
    return count


def _end_of(subject: OpenSubject, chat: Chat, text: str) -> int:
    """The last token of a text in a prompt."""
    from caseback.world.marks import marks, token_spans

    (_, span) = token_spans(subject.format, chat, marks(chat, {"text": text}))[-1]
    return (span.stop or 1) - 1
