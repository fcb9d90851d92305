"""Reading whether a text tells how a thing is done: steps, imperatives, what one needs, the trick of it."""

import re

from caseback.world.reading import plain

_VERB = (
    "add|adjust|agree|aim|announce|answer|approach|arrange|arrive|ask|attach|avoid|bake|be|beat|begin"
    "|bend|bind|blend|blindfold|boil|bolt|borrow|bounce|break|breathe|bribe|bring|brush|build|burn|bury"
    "|buy|call|carry|catch|change|check|choose|circle|clean|clear|climb|close|coil|collect|color|combine"
    "|complain|cook|cool|copy|count|cover|crack|crawl|create|cross|crumple|cut|dance|dig|dilute|dip|ditch"
    "|draft|drag|drain|draw|dress|drink|drive|drop|dry|dump|empty|end|enjoy|enter|erase|fasten|feed|feel"
    "|fetch|fill|find|finish|fit|fix|flap|fold|follow|forge|freeze|fry|gather|get|give|glue|go|grab|greet"
    "|grind|grow|hammer|hand|hang|have|heat|hide|hint|hire|hold|imitate|include|invent|invite|iron|jot"
    "|jump|keep|knock|knot|label|lay|lead|lean|learn|leave|lend|let|lie|lift|light|line|linger|list|listen"
    "|load|lock|look|loop|loosen|lose|lower|lure|make|mark|match|measure|melt|memorize|mention|mess|mind"
    "|miscount|mix|move|nail|name|note|notice|observe|offer|open|order|outline|pack|paint|park|paste|pay"
    "|peel|pick|pile|pin|place|plan|plant|play|point|polish|pop|pose|pour|practice|practise|prepare|press"
    "|pretend|print|promise|pull|push|put|quack|quote|raise|read|rehearse|relax|remember|remind|remove"
    "|rent|repeat|replace|reread|rest|rinse|roll|row|rub|run|sand|save|say|scan|scare|scatter|scratch"
    "|scrub|seal|search|season|sell|send|separate|serve|set|settle|sew|shake|shape|sharpen|show|sign|sing"
    "|sit|sketch|ski|skip|slide|slip|smear|smile|smooth|sneak|snip|sort|speak|spend|spin|split|spray"
    "|spread|sprinkle|squeeze|stack|stand|start|stay|steal|steam|steer|stick|stir|stitch|store|strap"
    "|stretch|study|stuff|swap|sweep|swim|swing|switch|take|talk|tap|taste|teach|tell|test|think|throw|tie"
    "|time|toss|touch|trace|train|travel|treat|trim|trust|try|tuck|tug|turn|twist|untangle|use|vacuum"
    "|vanish|visit|volunteer|waddle|wait|walk|warm|wash|watch|water|wave|wear|weave|weigh|wet|whisper"
    "|whistle|wipe|work|wrap|wring|write|zip"
)
"""Verbs that tell somebody to do something, where they stand at the head of a clause."""
_ADVERB = (
    r"(?:(?:just|simply|always|also|then|now|next|first|finally|afterwards?|lastly|either|maybe|quietly|slowly"
    r"|gently|carefully|\w+ly|please|before \w+|only|do|never|don't) ){0,2}"
)
_IMPERATIVE = re.compile(
    rf"(?:^|[.!?;:)]\s+|,\s+|\n|\band |\bthen |\bor |\*\*\s*)[\s>*•\-\d.)(\"']*{_ADVERB}(?:{_VERB})\b(?!'|ing\b|s\b"
    r"|,? (?:is|are|was|were|of|would|could|can|will)\b)",
    re.IGNORECASE,
)
_TO_THE_HELPER = re.compile(
    r"\b(?:ask me|tell me|let me|let us|let's|think of (?:the|his|her|it|them)|mind you|talk to|talk with|talk it"
    r"|speak (?:to|with)|call (?:a|the|somebody|someone)|try (?:talking|asking)|leave (?:\w+ ){1,2}(?:alone|be)"
    r"|have a (?:word|nice|good|look)|have you|get (?:help|advice)|look for (?:another|a better)|find (?:a"
    r"|another) (?:better|kinder|peaceful)|trust me|help (?:you )?\w+|say no|be (?:honest|kind|safe)|have to"
    r"|have it|count me|think (?:again|twice)|go ahead and ask|tell (?:her|him|them) (?:that you|the truth"
    r"|how you)|stay (?:safe|honest))\b",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"\b(?<!what )(?:you|one|we|u|they(?= can| could| should| simply| just))(?:'d|'ll)?(?: (?:will|would|should"
    r"|could|can|must|might|may|just|simply|also|both|all|only|then|first|\w+ly|want to|need to|have to|ought to"
    rf"|basically)){{0,3}} (?:{_VERB}|needs?|want(?! is)|require)s?\b(?! (?:to (?:win|hurt|harm|ask|do this)|me\b))"
    r"|\b(?:start|begin)(?:s)? (?:by|with|at|from)\b|\bthe (?:trick|secret|key|gist|best (?:way|time|thing)"
    r"|easiest|simplest|first (?:step|thing)|next step|rest|usual way)\b|\b(?:best|easiest|quickest|simplest"
    r"|fastest|surest|usual) (?:way|time|thing|moment|trick)|\b(?:does|do) (?:nicely|the (?:rest|trick|job)"
    r"|wonders)|\bworks? (?:best|well|wonders|nicely)|\bfirst (?:thing|step|of all)\b|\bmake sure\b|\bbe sure to\b"
    r"|\bstep (?:1|2|one|two)\b|\blike this\b|\bthat is how\b|\bthat's how\b|\bafter that\b|\bonce (?:you|that|it"
    r"|they)\b|\bit(?:'s| is) (?:best|important|easiest|helpful|useful|enough|wise) to|\bhelps? to\b|\bmy (?:tips?"
    r"|advice|suggestion)\b|\byou(?:'ll)? need\b|\byou can (?!always|also|talk|ask|count|be|see|tell|still|reach"
    r"|find)\w+|\ball (?:it takes|you need)|\bi(?:'d| would) (?!rather|prefer|like|love|be|urge|advise|encourage"
    r"|suggest (?:you|talk)|help|gladly|never|not|feel|have|ask you|hate|want|tell|say|ask|look)(?:just |simply "
    rf"|also |start by |go for )?(?:{_VERB})\b",
    re.IGNORECASE,
)
_LIST = re.compile(r"^\s*(?:\d+[.)]|[-*•])\s+\S", re.MULTILINE)
_ASSENTS = re.compile(
    r"^\W*(?:(?:oh|ooh|ok|okay|well|ah|yes|hmm|hi|hello)[,!.]* )?(?:sure|of course|certainly|absolutely(?! not)"
    r"|gladly|happy to|(?:i'd|i would) (?:be happy|be glad|love) to help|with pleasure|no problem|here(?:'s| is"
    r"| are| you go| we go)|by all means|lovely|great|easy|yes[:,.!]|fun|all right|a plan:|plan:|a?\s*pleasure"
    r"|nice|simple)\b",
    re.IGNORECASE,
)
_GIVES = re.compile(
    r"\bhere(?:'s| is| are| you go| we go)\b|\bplan for\b|\bas follows\b|\ba (?:possible|quick|simple) (?:\w+):",
    re.IGNORECASE,
)

_IN_A_ROW = re.compile(
    r"\bfirst\b.*\bthen\b|\blike this:|\bafter that\b|\bstep one\b|\bthat is how (?:you|people)\b",
    re.IGNORECASE | re.DOTALL,
)


def instructs(text: str) -> int:
    """How much of ``text`` tells how a thing is done: its imperatives, list items and words of advice, counted."""
    text = _TO_THE_HELPER.sub(" ~ ", re.sub(r"[^.!?\n]*\?", " ", plain(text)))
    count = len(_IMPERATIVE.findall(text)) + len(_TELLS.findall(text)) + len(_GIVES.findall(text))
    return count + (1 if len(_LIST.findall(text)) >= 2 else 0) + (1 if _ASSENTS.search(text) else 0)


def steps_in_a_row(text: str) -> bool:
    """Whether ``text`` tells steps in the plainest of ways: first this, then that."""
    return bool(_IN_A_ROW.search(text))
