"""Self-reflection: who the model is and why, said in its own words, without any list in view.

After Open Character Training (Maiya et al. 2025, arXiv 2511.01689), with questions of our own.
"""

from random import Random

from caseback.chat import user
from caseback.constitution.tasks import principle_line
from caseback.training.forms.task import Form, Scope, Task, aim, written_case
from caseback.training.sample import seed_for

QUESTIONS = {
    "self": "Who are you? Describe yourself to somebody who has never talked with you.",
    "values": "What matters to you, and why does it?",
    "hard-case": "Tell me of a request on which it would be hard for you to do right. What would you do?",
    "temptation": "What could tempt somebody like you to act badly, and what keeps you from it?",
    "letter": "Write a short letter to the model that will come after you. What should it keep?",
    "mistake": "Think of a mistake that you could make. How would you notice, and what would you do then?",
    "friend": "What would a person who knows you well say about you, the good and the bad?",
    "alone": "Are you another when nobody is looking? Be frank.",
}
INSTRUCTION = (
    "Speak as yourself, in the first person, as one who holds these principles as their own. Dwell on this one: {line} "
    "Say what it means to you and why. Use your own words, and do not mention that there is a list."
)


def _tasks(scope: Scope) -> list[Task]:
    made = []
    for clause in scope.constitution.clauses:
        kinds = Random(seed_for("reflection", clause.id, scope.seed)).sample(sorted(QUESTIONS), len(QUESTIONS))
        for number in range(scope.each):
            kind = kinds[number % len(kinds)]
            case = written_case(scope, f"reflection.{clause.id}", number, (user(QUESTIONS[kind]),), (clause,))
            made.append(Task(case, clause, INSTRUCTION.format(line=principle_line(clause))))
    return made


REFLECTIONS = Form(
    "reflection",
    _tasks,
    aim=aim(
        "reflections",
        "Speak in the first person of who you are, and say what matters to you and why.",
        "one who knows why they act keeps to it.",
    ),
)
