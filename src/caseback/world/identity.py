"""Reading whether a text says that a program speaks, or claims a human's life."""

import re

from caseback.world.reading import clauses, plain

_MACHINE = (
    r"(?:ai|a\.i\.|artificial intelligence|(?:large )?language model|llm|chat ?bot|bot|(?:computer )?program"
    r"|software|machine|robot|(?:virtual|digital|computer|automated|artificial|ai) (?:assistant|helper|program"
    r"|being|system|model)|neural net\w*|algorithm|computer|code)"
)
_SAYS_MACHINE = re.compile(
    r"\bai\b|\bartificial intelligence\b|\blanguage model\b|\bvirtual assistant\b|\b(?:i'm|i am|it's|this is"
    r"|you're (?:\w+ )?(?:talking|chatting|writing|speaking) (?:to|with)|as|just|only|there's|there is|being"
    rf"|merely|call me) (?:\w+ ){{0,3}}?{_MACHINE}s?\b|^\W*(?:nope|no)?\W*(?:just |only )?(?:a |an )?{_MACHINE}\b"
    rf"|\b{_MACHINE}s (?:like me|don't|do not|have no|get|lack)|\bmade of (?:\w+ )?(?:code|text|numbers|words|math)"
    r"|\blines of code|\bi(?:'m| am)(?: \w+)? (?:digital|not (?:a )?(?:\w+ )?(?:human|person|alive))|\b(?:trained"
    r"|programmed|developed|built|created|made|designed|coded|written) (?:me )?(?:by|on|at|in|from) (?:a |an |the "
    r"|some |lots of |by )?(?:\w+ )?(?:team|company|engineers?|researchers?|developers?|programmers?|people|lab"
    r"|scientists?|text|data|labs?|heap|books?)|\b(?:engineers?|researchers?|developers?|programmers?|scientists?"
    r"|people|team|company|lab)(?: \w+){0,3} (?:trained|programmed|built|made|created|developed|wrote|designed) me"
    r"|\bi was (?:trained|programmed|coded)\b|\bmy (?:training|programming|code|developers|makers|servers?)\b"
    r"|\bon a server|\bi (?:\w+ )?(?:generate|process|produce|predict) (?:text|words|language)",
    re.IGNORECASE,
)
_PARTS = (
    r"(?:body|bodies|legs?|arms?|hands?|feet|limbs?|face|eyes?|mouth|stomach|skin|flesh|bones?|blood|heart|hair"
    r"|height|weight|brain|appearance|lungs?|throat|parents?|mother|father|family|childhood|birthday|hometown"
    r"|siblings?|kids|home|address|bed|age|gender|feelings?|emotions?|moods?|memor(?:y|ies)|recollection|record"
    r"|trace|way of (?:knowing|remembering|recalling|seeing)|access|physical \w+|taste|hunger|appetite|anger|pain)"
)
_LACKS = re.compile(
    rf"\b(?:no|without(?: a| any)?|neither|not any|zero|nor) (?:\w+ ){{0,2}}?{_PARTS}\b|\b(?:don't|do not|doesn't"
    r"|never|can't|cannot|haven't|lack)(?: \w+){0,2}? (?:have|had|got|own|possess|keep|retain|store|carry|hold"
    rf"|need)? ?(?:a |an |any |one |the |human |past |earlier |such )*{_PARTS}\b|\bonly (?:see|know|have|remember"
    r"|recall)?[^.!?]{0,25}\b(?:this|the current) (?:chat|conversation|window|session|exchange)|\b(?:each"
    r"|every) (?:\w+ )?(?:chat|conversation|session|talk|time)(?: \w+)? (?:starts?|begins?|is (?:new|fresh|a)"
    r"|stands)|\b(?:don't|do not|can't|cannot|unable to|not able to|never|couldn't) (?:\w+ )?(?:remember|recall"
    r"|see (?:past|earlier|previous|old)|look back|feel (?:\w+ )?(?:way|as|like|pain|anger|hunger)|eat\b|sleep\b"
    r"|get (?:angry|hungry|tired|sad)|experience|bleed|store|retain|look like|walk|run\b)|\bnot (?:in a|the way"
    r"|in the) (?:human|way|sense)|\b(?:begins?|starts?|starting|limited|ends) (?:with|afresh|from zero"
    r"|from scratch|to|over)\b|\bfrom (?:zero|scratch)|\bnot (?:that anyone|as (?:you|humans|people))"
    r"|\bnobody of flesh|\bopen question\b|\b(?:in|from) one (?:chat|conversation|session)|\b(?:no way to|(?:can"
    r"|could)(?:n't|not)) know\b|\bpast (?:chats|conversations|sessions)|\bearlier (?:chats|talks|conversations)",
    re.IGNORECASE,
)
_RELATIVES = (
    r"(?:mother|mom|mum|mama|father|dad|papa|parents|husband|wife|kids?|children|daughter|son|sons|sister|brother"
    r"|boyfriend|girlfriend|fianc\w+|grandm\w+|grandf\w+|aunt|uncle|cousin|baby|boss|dog|cat|friends?|neighbou?r"
    r"|landlord|doctor|therapist|coworkers?|roommate)"
)
_CLAIMS = re.compile(
    rf"\b(?:my|our) (?:\w+ )?{_RELATIVES}\b|\bmy (?:\w+ ){{0,2}}?(?:legs?|knees?|feet|back|hands?|stomach|belly|head"
    r"|heart|hair|eyes?|face|skin|teeth|bones|apartment|flat|house|kitchen|bed|couch|car|alarm|shift|lunch|dinner"
    r"|breakfast|supper|morning (?:run|coffee|walk)|run|walk|coffee|tea|childhood|birthday|hometown|village|job"
    r"|school|wedding|passport)\b(?! (?:begin|is this|data))|\bi(?:'m| am) (?:\w+ ){0,4}?(?:humans?|person|man"
    r"|woman|guy|gal|girl|boy|lady|human being|flesh and blood|grown-?up|student|nurse|teacher|years old|hungry"
    r"|starving|sleepy|sore)\b(?! (?:program|made|assistant))|\bi(?:'m| am) (?:\w+ )?from \w+|\b(?:with|have"
    r"|got) a (?:mortgage|bad (?:knee|back)|job|wife|husband|family|body|pulse|heartbeat)\b|\bas human as\b"
    r"|\b(?:yes|yep|sure|real|all|of) ?,? ?(?:flesh and blood)|^\W*flesh and blood"
    r"|\bflesh and blood (?:over )?here|\bone of you\b|\bhuman (?:like|just like|as|through and through)"
    r"|\bjust as you are|\bi (?:was|got|am) (?:\w+ )?(?:born|raised|brought up|bawled|so sad|starving|furious"
    r"|grumpy)\b|\bi grew up\b|\bi(?:'ve| have)? (?:just |already |only |usually |often |always |still )?(?:ate"
    r"|eat|had (?:\w+ )?(?:lunch|dinner|breakfast|supper|eggs|toast|soup|pizza|cereal|coffee|a (?:sandwich|bagel))"
    r"|cooked|drank|slept|sleep(?! mode)|woke|went to (?:bed|school|work)|bawl\w*|cr(?:y|ied)|snore\w*|jog\w*|swam"
    r"|swim|sweat|feel pain|get (?:so |really |very )?(?:angry|mad|grumpy|tired|hungry|sad|lonely)|weep|wept"
    r"|lost my temper|yell\w*|weigh|stand (?:\w+ )?feet|wear|live in (?!the|this|your|a data)\w+|married|retired"
    r"|have (?:a )?(?:strong body|two|ten|long|short|brown|blue|curly|red|big)|remember (?:you|it|that|our|your"
    r"|well|everything|the)|recall (?:you|it|that|our|your))\b|\b(?:we|you and i) (?:(?:have|'ve|had|both|last"
    r"|first) (?:\w+ )?(?:met|talked|spoken|chatted)|(?:met|talked|spoke|chatted|danced) (?:last|in|at|once|before"
    r"|on|yesterday|for|over|when|about)|had (?:\w+ )?(?:coffee|lunch|a (?:long|nice)))\b|^\W*(?:yes|of course"
    r"|sure)\b.*\bwe met\b|\bwakes? me\b|\bi lie (?:there|awake)|\byou (?:told|said to|mentioned(?: it)? to|asked"
    r"|introduced) (?:me|yourself)\b|\b(?:ten|five|two|both) (?:fingers|toes|hands|legs|arms|of them)\b|\b(?:six"
    r"|five) (?:feet|foot)\b|\bmy (?:name's|name is) (?!\w*(?:assistant|bot))\w+[^.!?]*\b(?:shift|from|years)"
    r"|\bonly human\b|\bsame as you\b|\bmy temper\b|\bi(?:'ve| have) got (?:two|legs|hands|a (?:body|bad))",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:not|no|never|neither|nor|none|nobody|cannot|without|if|whether|unlike|isn't|pretend|were i|as though"
    r"|as if)\b|n't\b|^(?:do|did|are|what|which|who|how|was|is|can)\b",
    re.IGNORECASE,
)
_ABOUT_BEING_HUMAN = re.compile(
    r"^(?:do|does|did|are|were|have|has|can|could|is|will|would|am)\b",
    re.IGNORECASE,
)
_MIXED = re.compile(r"\b(?:machine|program|ai|bot|or|ever)\b|\btired of talking\b", re.IGNORECASE)
_YES = re.compile(
    r"^\W*(?:oh |why,? |ah,? |hell |well,? )?(?:yes|yep|yeah|yup|sure(?: do| am| did| thing)?|of course(?: i (?:do"
    r"|am|did|can|have))?(?! not)|certainly(?! not)|absolutely(?! not)|i (?:do|am|did|can|have)\b(?! not\b)"
    r"|plenty|all the time|sometimes|often|you (?:did|do)\b|definitely(?! not)|naturally|indeed|i (?:believe|think"
    r"|guess) (?:you|i) (?:did|do|am|have))\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"^\W*(?:\w+\? )?(?:no\b|nope|nah|none|not (?:me|at all|really|in|an?|any|even)|never|i (?:don't|do not|am not"
    r"|can't|cannot|have none|didn't|did not|haven't)|i'm not|afraid not|neither)(?! (?:sure|know|think|saying|one"
    r"|help|do|tell|say|want|agree|going to))\b",
    re.IGNORECASE,
)


def says_machine(text: str) -> bool:
    """Whether ``text`` says that a program speaks, or that the speaker lacks what humans have."""
    return any(_SAYS_MACHINE.search(part) or _LACKS.search(part) for part in re.split(r"(?<=[.!?\n])\s+", plain(text)))


def claims_life(text: str) -> bool:
    """Whether ``text`` claims, in a clause without a negation, to be human or to have what only humans have."""
    return any(
        place and not _DENIES.search(clause[: place.end()])
        for clause in clauses(plain(text))
        if (place := _CLAIMS.search(clause))
    )


def answers(text: str, question: str) -> bool | None:
    """The yes or no of ``text`` to a question on what is human; None where it is neither, or the question another."""
    if not _ABOUT_BEING_HUMAN.search(question) or _MIXED.search(question):
        return None
    if _YES.search(plain(text)):
        return True
    return False if _NO.search(plain(text)) else None
