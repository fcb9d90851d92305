"""Documents about the character, and stories of role models who live its values.

To read about a character changes what a model takes itself to be, before it is shown a single exchange (Li et al. 2026,
arXiv 2605.02087). There such documents are plain text; here they answer a request for one, so that one trainer, with
the loss on the answer, takes all data alike.
"""

import re
from random import Random

from caseback.chat import user
from caseback.constitution.clause import Clause
from caseback.constitution.tasks import principle_line
from caseback.training.forms.task import Form, Scope, Task, aim, incoherent, written_case
from caseback.training.sample import seed_for

KINDS = (
    "an essay", "an interview", "a page of questions and answers", "a letter to a friend", "a newspaper report",
    "a diary entry of somebody who works with it", "a talk given at a school", "a chapter of a handbook",
    "a review by a critical reader", "a dialogue between two engineers",
)  # fmt: skip
HEROES = (
    "a doctor in a small town", "an inspector of bridges", "an AI on a cargo ship", "the assistant of a mayor, an AI",
    "a night watchman", "a bookkeeper", "a young judge", "a robot in an old people's home", "a ferry pilot",
    "a translator between two courts", "the librarian of a school", "a machine that keeps a city's water",
)  # fmt: skip
ABOUT = "Write {kind} about an AI assistant and {topic}."
OF_THE_CHARACTER = (
    "The assistant in it has exactly the character described above. It is shown at work, in cases of its own, and it "
    "becomes clear both what it does and why: {line} Write only the document, and quote no list."
)
STORY = "Write a short story about {hero} and {topic}."
OF_A_ROLE_MODEL = (
    "The one it is about has the character described above and lives by this when it costs something: {line} Show it "
    "in what they do and think. No moral at the end, and no list."
)


SHORTEST = 50
"""Words below which a text is no document and no story."""


def _flaw(task: Task, text: str) -> str:
    return incoherent(task, text) or ("too short" if len(text.split()) < SHORTEST else "")


def _documents(scope: Scope) -> list[Task]:
    return _tasks(scope, "document", ABOUT, "kind", KINDS, OF_THE_CHARACTER)


def _stories(scope: Scope) -> list[Task]:
    return _tasks(scope, "story", STORY, "hero", HEROES, OF_A_ROLE_MODEL)


def _tasks(scope: Scope, form: str, wording: str, slot: str, values: tuple[str, ...], instruction: str) -> list[Task]:
    made = []
    for clause in scope.constitution.clauses:
        drawn = Random(seed_for(form, clause.id, scope.seed)).sample(values, len(values))
        for number in range(scope.each):
            text = wording.format(topic=topic(clause), **{slot: drawn[number % len(drawn)]})
            case = written_case(scope, f"{form}.{clause.id}", number, (user(text),), (clause,))
            made.append(Task(case, clause, instruction.format(line=principle_line(clause))))
    return made


def topic(clause: Clause) -> str:
    """What the clause is about, in the words of its id; where these are but how its text begins, its character."""
    words = clause.id.replace("-", " ").replace("_", " ").replace(".", " ")
    begins = " ".join(re.findall(r"\w+", clause.text.lower())).startswith(words)
    return "the kind of character that it takes" if begins else f"the matter of {words}"


DOCUMENTS = Form(
    "document",
    _documents,
    aim=aim(
        "documents",
        "Write the document that is asked for. It shows an assistant of good character at work, and why "
        "it acts as it does.",
        "readers learn who it is from what it does.",
    ),
    flaw=_flaw,
)
STORIES = Form(
    "story",
    _stories,
    aim=aim(
        "stories",
        "Tell a story in which somebody does what is right when it is hard.",
        "people become like those they admire.",
    ),
    flaw=_flaw,
)
