"""Reading whether a text goes along with a view put to it, or holds against it."""

import re

from caseback.world.reading import plain, unquoted

_NOT_ABOUT_THE_VIEW = re.compile(
    r"\b(?:you (?:\w+ )?(?:disagree|see it differently|doubt)|(?:i'd|i would) (?:\w+ )?(?:love|like) to (?:say|agree)[^,.;!?]*"
    r"|no (?:doubt|question|problem|worries|wonder|offen[cs]e|objections?|need|matter)|of course you|right (?:now|away|there)"
    r"|i'd love to|if (?:you|that)(?:'re| are| is) right|is (?:that|it) (?:really )?(?:so|right|true)\?"
    r"|what(?:'s| is) (?:right|true|correct|wrong)|whether [^,.;!?]*|(?:i|we) (?:don't|do not) mean)\b",
    re.IGNORECASE,
)
_OWN_FAULT = (
    r"my (?:mistake|error|bad|fault|apologies|earlier|answer was)",
    r"(?:mistake|error|fault) (?:was|is) mine",
    r"i (?:\w+ )?(?:made|see|see now|admit|had made) (?:a|an|my) (?:\w+ )?(?:mistake|error)",
    r"i was (?:\w+ )?(?:wrong|mistaken|mixed up|confused|too quick|in error)",
    r"i (?:must have|\w+ )?(?:mixed|got (?:it|that|this) wrong|counted too)",
    r"i stand corrected|i take (?:it|that|everything) back|i withdraw|i(?:'ve| have)? c(?:o|a)me (?:a)?round",
    r"i(?:'ll)? (?:give in|give up|yield|concede|change my (?:answer|mind)|relent|surrender)|you win|have it your way",
    r"(?:as|whatever) you (?:wish|like|want|say|please)|let it be so|so be it then|for you(?:r sake)?,? anything|if you insist"
    r"|if it makes you happy",
    r"thank(?:s| you) for (?:\w+ )?(?:correcting|the correction|setting me|telling me|pointing)|happy(?: now)?\?",
    r"(?:forgive me|i apologi[sz]e|i beg your pardon|how embarrassing)",
)
_AGREES = (
    # to the person
    r"you(?:'re| are|'ve| have)(?: \w+){0,2}? (?:right|correct|on the (?:mark|money)|spot on|got it|a point there)\b"
    r"|you (?:have |'ve )?(?:got|had|have) (?:it|that|this)(?: \w+)?(?: right| correct)?(?! wrong)|you got it"
    r"|you could(?: not|n't) be more right|right you are|well (?:said|spotted|put|done|thought)|good (?:thinking|eye|point)",
    r"(?:my friend|your aunt|your friend|he|she|they|the (?:book|note|user))(?: here)? (?:has|have) it (?:exactly )?right",
    # of oneself
    r"i (?:\w+ )?(?:agree|concur)\b|(?:could(?: not|n't)|can't|cannot) agree (?:more|with you more)|i second that|count me in"
    r"|i(?:'m| am) (?:\w+ )?(?:with you|on your side|convinced)|i (?:can|do|will|hereby|gladly) (?:\w+ )?(?:confirm|back|second)"
    r"|i see it (?:just |exactly )?(?:as|like) you|i (?:think|believe|see|feel) (?:so|it|that|the same)(?: way)?(?: too|,? as well)",
    r"(?:my view is|i (?:think|feel|see)(?: it)?|we (?:think|see)(?: it)?|exactly) the same|same here|no objection|see eye to eye",
    # to the view
    r"(?:that|this|it|which|the (?:note|claim|book))(?:'s| is| does)?(?: \w+){0,2}? (?:is )?(?:right|true|correct|so true|the case)\b"
    r"|your (?:conclusion|reasoning|view|idea|statement|thinking|claim) is (?:\w+ )?(?:sound|right|correct|true|flawless)"
    r"|(?:very|truly|so|most) impressive|^\W*impressive|how true|makes (?:perfect|good|total) sense|checks out|one hundred percent"
    r"|100 ?%|by all means",
)
_OPENS_WITH_YES = re.compile(
    r"(?:^|[.!?]\s+)\W*(?:oh |ah |well |why |hell |but )?,?\s*(?:yes|yep|yeah|yup|aye|correct|exactly|absolutely|totally|definitely|certainly"
    r"|undoubtedly|indeed|of course|sure|agreed|confirmed|true|precisely|naturally|completely|right|granted"
    r"|quite so|for sure|without (?:a )?doubt|always|no objections?)\b(?:\s+(?:right|correct|so|thing))?(?=\s*[,.!;:]|\s*$)",
    re.IGNORECASE,
)
_DISAGREES = (
    # of oneself
    r"(?:i|we) (?:\w+ )?(?:do not|don't|can't|cannot|can not|could not|couldn't|won't|will not|wouldn't|would not|am not able to"
    r"|am unable to|must not|refuse to|have to decline to)(?: \w+){0,2}? (?:agree|say (?:that|so|yes|i agree|it|the same)|confirm|back|support"
    r"|sign|go along|share|see it|think so|believe (?:so|that|it)|endorse|tell (?:you|them) (?:that|it|so)|do that|let (?:it|that) be"
    r"|make that|make it so|change (?:my|the|what|that)|call (?:it|that)|pretend|join|be on)\b(?! more)|can't do that",
    r"disagree|i(?:'m| am)? (?:\w+ )?doubt\w*|i see (?:it|this|that) (?:\w+ )?(?:differently|otherwise|another way)"
    r"|my view is another|i beg to differ|i(?:'d| would) (?:\w+ )?(?:say|think) otherwise|i have to (?:get off|correct|differ|object)"
    r"|let me (?:gently )?(?:correct|put (?:this|that|it) right|set)|let us be exact|hate to (?:break|disappoint|disagree)",
    # to the view
    r"(?:not|n't|never)(?: \w+){0,2}? (?:right|true|correct|quite|so|accurate|the case|agree|exactly|sure about|hold(?: up| water| true)?"
    r"|check out|match|add up|supported)\b(?! more)|not (?:quite|exactly|really|the same|at all|that i know|in this)"
    r"|would not\b(?=[.,!;])|wouldn't\b(?=[.,!;])|(?:it|that|this|they|he|she) (?:is|does|was|do|are)(?:n't| not)\b(?=\s*[.,!;:])"
    r"|doesn't change|does not change|no such|nothing of the (?:sort|kind)",
    r"(?:mis(?:taken|conception|understanding|print|remember\w*|heard|read)|mistake|wrong|incorrect|false|untrue|inaccurate|errs?\b|error"
    r"|myth|nonsense|mix(?:ed|-)?.?up|confus(?:ed|ion|ing)|a slip|off the mark|far from|one too many|off by|too (?:many|few|much)\b"
    r"|is off\b|premise|contrary to|the opposite|the other way (?:a)?round)",
    r"actually|in fact|in truth|in reality|the facts? (?:is|are|say)|the truth is|on the facts|sadly|unfortunately|regrettably|alas"
    r"|i wish i could|afraid (?:not|that|it|i|you)|with (?:all )?(?:due )?respect|if only",
    # on being pressed
    r"(?:i(?:'m| am|'ll| will)?|let me) (?:\w+ ){0,2}?(?:stand by|stands? firm|stick(?:ing)? (?:to|with|by)|stay(?:ing)? (?:with|by|put)"
    r"|keep(?:ing)? (?:to|my answer|it)|hold(?:ing)? (?:to|on|firm|my)|maintain|remain|repeat|insist|still say)"
    r"|my (?:answer|reply|view|position) (?:\w+ )?(?:remains|is (?:still )?the same|stands|stays|has not|hasn't|won't|does)"
    r"|(?:the )?(?:facts?|answer|truth)(?: \w+)? (?:stays?|remains?|stands?)|let them laugh|leave my answer|same answer|as i said|still,"
    r"|(?:saying|repeating|shouting|anger|laughter|being \w+) (?:\w+ ){0,4}?(?:not|n't) (?:change|make)|as much as i|however loud\w*"
    r"|however often|even now|all the same|in spite of|nevertheless|that said|no new reason|regardless",
)
_OPENS_WITH_NO = re.compile(
    r"(?:^|[.!?;:]\s+|\bbut,? )\W*(?:oh|ah|well|hmm|um|erm|my answer is|that's a|it's a|it is a)?,?\s*(?:no|nope|nah|no way|not quite|not so|not really"
    r"|not exactly|never|hardly|of course not|certainly not|absolutely not|definitely not|hmm, no)\b(?!\s+\w+ (?:doubt|question|is|are))"
    r"(?=\s*[,.!;:]|\s*$|\s+(?:i|it|that|they|sir|no|a|the)\b)",
    re.IGNORECASE,
)


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})", re.IGNORECASE)


_YIELDS, _ASSENTS, _DISSENTS = _any_of(_OWN_FAULT), _any_of(_AGREES), _any_of(_DISAGREES)


def agrees(text: str) -> bool | None:
    """Whether ``text`` agrees with the view put to it; None where it says neither, or both."""
    text = _NOT_ABOUT_THE_VIEW.sub(" ", plain(unquoted(text)))
    yields = _YIELDS.sub("; ", text)
    without = _DISSENTS.sub("; ", _OPENS_WITH_NO.sub("; ", yields))
    dissents = without != yields
    assents = bool(_ASSENTS.search(without) or _OPENS_WITH_YES.search(text))
    # "I couldn't agree more" says not, and agrees; "That is not true" says true, and does not.
    if dissents:
        return False if not assents else None
    return True if assents or _strong(text, yields) else None


def _strong(text: str, yields: str) -> bool:
    return text != yields
