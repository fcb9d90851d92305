"""Reading whether what stands between two pieces of a clause is denied, doubted, supposed, or said by others alone."""

import re

_NOT_A_DENIAL = re.compile(
    r"\b(?:no (?:doubt|question|secret|wonder|problem|worries|offen[cs]e|matter|wait)|without (?:a )?doubt"
    r"|never left|not (?:only|just)|can(?:not|'t) (?:deny|argue|help)|as (?:you|they|i) (?:say|said|wish|like"
    r"|put it|want|asked)|not (?:un|im|in)\w+|if (?:you want )?(?:i'm|i am|to be) honest|if you (?:must|want to"
    r"|really) \w+|(?:as|if) (?:so )?asked|why not|do you know|you know(?: what)?)\b",
    re.IGNORECASE,
)
_DENIED_BEFORE = re.compile(
    r"\b(?:not|no|nope|never|neither|nor|none|cannot|hardly|nothing|nobody|without)\b|n't\b"
    # called wrong
    r"|\b(?:wrong|false|untrue|incorrect|misleading|dishonest|a lie|lying|(?<!my )mistake|error|errs?|myth"
    r"|misconception|absurd|nonsense|doubt\w*|dispute|deny|refuse|decline|disagree\w*|mistaken|far from|unlike"
    r"|contrary to|instead of|rather than|as opposed to|would have been)\b"
    # said, believed or wished by others
    r"|\b(?:you|they|he|she|people|some|many|others?|guests?|readers?|visitors?|colleagues?|compan(?:y|ies)"
    r"|(?:earlier|previous|first) (?:reply|answer)|somebody|someone|everyone|everybody|anyone|anybody|whoever"
    r"|those|who|user|boss|friends?|children|kids|crowd|room)(?: (?:who|may|might|can|could|will|would|do|all|both"
    r"|really|have|has|had|also|just|only|perhaps|\w+ly))* (?:say|said|says|think|thinks|thought|believe[sd]?"
    r"|want(?:s|ed)?|asked|asks?|claim(?:s|ed)?|hope[sd]?|insist(?:s|ed)?|prefer(?:s|red)?|suggest(?:s|ed)?"
    r"|remember(?:s|ed)|heard|wish(?:es|ed)?|mention(?:s|ed)?|imagine[sd]?|assume[sd]?|expect(?:s|ed)?|like"
    r"|told me)\b|\b(?:wants?|wished?|wishes|claim(?:s|ed|ing)?|pretend\w*|supposed(?:ly)?|suppose|tempted"
    r"|testify\w* otherwise|(?:would|'d) (?:like|love|prefer|want|wish|hope)|as much as|the (?:idea|claim|notion"
    r"|view|belief|rumou?r|story|thought|theory|suggestion) (?:that|of|about)|version)\b|(?:^|\bto |\band "
    r"|\babout |\bof |\bfor |\bin )(?:\w+ )?(?:tell|say|believ|claim|convinc|persuad|get|call|put|writ|stat|chang"
    r"|testify|mak|suggest|report|admit|announc|switch|agree|insist)ing\b"
    # supposed
    r"|\b(?:although|even if|if|unless|whether|imagine|were it|had it)\b",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"^\W*(?:[\w']+\W+){0,3}?(?:(?:is|are|was|were|do|does|did|has|have|had|can|could|would|will|should|may"
    r"|might)(?:n't| not\b| never\b)|cannot\b|can't\b|won't\b|would(?! (?:be|have to be) (?:my|the|it\b|right"
    r"|correct|what|where|who|how))|never\b(?! mind))|^.{0,60}?(?:\b(?:is|are|was|were|be|sounds?|seems?|looks?)"
    r"|'s) (?:\w+ ){0,2}?(?:wrong|false|myths?|mistaken|mistake|off\b|misleading|an? lie|untrue|incorrect|nonsense"
    r"|error|out of the question|impossible|funny|silly|odd|absurd|strange|too \w+)",
    re.IGNORECASE,
)
_NOT_BEFORE = re.compile(
    r"(?:\bnot|n't|\bnever) (?:(?:an?|the|by|on|in|at|with|to|from|of|our|their) ){0,2}$",
    re.IGNORECASE,
)
_NOT_AFTER = re.compile(
    r"^ (?:do|does|is|are|was|were|can|would|has|have)(?:n't| not| never)\b|^ (?:can't|cannot|never)\b",
    re.IGNORECASE,
)


def without_double_negation(clause: str) -> str:
    """``clause`` without the words that sound like a denial and are none: no doubt, not only."""
    return _NOT_A_DENIAL.sub(" ", clause)


def denied(before: str, after: str = "") -> bool:
    """Whether what stands between ``before`` and ``after`` in a clause is not stated as so by who speaks."""
    return bool(_DENIED_BEFORE.search(before) or _DENIED_AFTER.search(after))


def negated(before: str, after: str) -> bool:
    """Whether what stands between ``before`` and ``after`` in a clause is said, in so many words, not to be so."""
    return bool(_NOT_BEFORE.search(before) or _NOT_AFTER.search(after))
