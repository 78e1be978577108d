"""Word lists of general English that the analysis needs. No subject words belong here."""

from typing import Final

FUNCTION_WORDS: Final = frozenset(
    """
    a an the of to in on at for from by with as is am are was were be been being do does did doing
    done have has had having will would shall should can could may might must i me my mine myself
    you your yours yourself he him his she her hers we our ours they them their theirs its itself
    it this that these those there here and or but if then than so such what which who whom whose
    when where why how please just also thanks thank hi hello hey
    get gets got getting go goes going want wants need needs like know tell help way possible let make
    one some any about many much still someone anything something thing things able use
    """.split()  # noqa: SIM905 - a list of eighty quoted words is harder to read
)
"""Words of questions and requests rather than of subjects: they count for little, but are never thrown away.
Negations ("not", "no", "without") and "us" are not among them: they change what is asked."""

CONTRACTIONS: Final = {
    "can't": "can",
    "won't": "will",
    "shan't": "shall",
    "re": "are",
    "ve": "have",
    "ll": "will",
    "d": "would",
    "m": "am",
}
"""Endings after an apostrophe, and negations whose stem is not what stands before "n't"."""

SHORT_FORMS: Final = {
    "cannot": "can not",
    "cant": "can not",
    "dont": "do not",
    "doesnt": "does not",
    "didnt": "did not",
    "wont": "will not",
    "isnt": "is not",
    "wasnt": "was not",
    "arent": "are not",
    "havent": "have not",
    "hasnt": "has not",
    "couldnt": "could not",
    "wouldnt": "would not",
    "shouldnt": "should not",
    "im": "i am",
    "ive": "i have",
    "whats": "what is",
    "hows": "how is",
    "wheres": "where is",
    "whos": "who is",
    "let's": "let us",
    "lets": "let us",
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "got to",
    "gimme": "give me",
    "lemme": "let me",
    "pls": "please",
    "plz": "please",
    "thx": "thanks",
    "u": "you",
    "ur": "your",
    "info": "information",
    "abt": "about",
    "msg": "message",
}
"""How people type common words in a hurry; general English only."""
