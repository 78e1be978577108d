"""Word lists of general language that the analysis needs. No subject words belong here."""

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

FUNCTION_WORDS_OF: Final[dict[str, frozenset[str]]] = {
    "en": FUNCTION_WORDS,
    "de": frozenset(
        """
        ich mich mir mein meine meinen meinem meiner du dich dir dein er sie es ihn ihm ihr ihre wir uns
        unser unsere euch der die das den dem des ein eine einen einem einer eines und oder aber wenn dann
        als wie was wer wen wem wo wohin woher wann warum wieso weshalb welche welcher welches ist bin sind
        war habe hab hat haben hatte wird werde werden kann konnen muss mussen soll sollen darf mochte will
        auf aus bei fur im in am an mit nach von vom vor zu zum zur uber um da dort hier bitte danke hallo
        auch noch schon mal man sich geht gibt machen mache tun brauche gern etwas jemand
        """.split()  # noqa: SIM905
    ),
    "fr": frozenset(
        """
        je tu il elle on nous vous ils elles me te se moi toi lui leur mon ma mes ton ta tes son sa ses
        notre nos votre vos le la les un une des du de au aux et ou mais donc si que qui quoi quel quelle
        quels quelles comment combien quand pourquoi dont ce cet cette ces ca cela est es suis sont etes
        etre ai as a avons avez ont avoir fait faire faut peux peut pouvez puis dois doit veux veut
        voudrais aller dans en sur sous pour par avec chez vers y bonjour merci svp plait aussi tout
        toute quelque quelqu besoin aide
        """.split()  # noqa: SIM905
    ),
    "es": frozenset(
        """
        yo tu el ella usted nosotros ellos ustedes me te se nos mi mis tus su sus nuestro nuestra lo la
        los las un una unos unas del al de y o u pero si que quien cual cuales como cuando cuanto cuanta
        cuantos cuantas donde adonde porque por para con en a desde hasta este esta esto ese esa eso es
        soy son era esta estoy estan estar ser he ha han hay haber tengo tiene tener tener puedo puede
        pueden poder debo debe hacer hago hace quiero quisiera necesito ir voy hola gracias favor tambien
        ya alguien algo
        """.split()  # noqa: SIM905
    ),
    "pt": frozenset(
        """
        eu tu ele ela voce nos eles elas voces me te se lhe meu minha meus minhas teu tua seu sua seus
        suas nosso nossa o a os as um uma uns umas do da dos das no na nos nas ao aos de e ou mas que
        quem qual quais como quando quanto quanta quantos quantas onde porque por pelo pela para pra com
        em desde ate este esta isto esse essa isso e sou sao era estou estao estar ser ha tenho tem ter
        posso pode podem poder consigo devo deve fazer faco faz quero queria preciso ir vou ola obrigado
        obrigada favor tambem ja alguem algo
        """.split()  # noqa: SIM905
    ),
    "nl": frozenset(
        """
        ik mij me mijn jij je jou jouw u uw hij hem zijn zij ze haar wij we ons onze jullie hun de het
        een dit dat deze die en of maar als dan dus want wat wie waar wanneer waarom hoe hoeveel welk
        welke is ben bent was waren heb heeft hebben had wordt worden word kan kunnen moet moeten mag
        mogen wil willen zal zou gaan ga gaat doe doen aan bij door in met na naar om op over te ten
        tot uit van voor er daar hier ook nog al graag alstublieft bedankt hallo iets iemand
        """.split()  # noqa: SIM905
    ),
    "it": frozenset(
        """
        io tu lui lei noi voi loro mi ti ci vi si mio mia miei mie tuo tua suo sua suoi sue nostro
        nostra il lo la i gli le un uno una del dello della dei degli delle al allo alla ai agli alle
        dal dalla nel nella nei sul sulla di da in con su per tra fra e o ma se che chi cosa quale quali
        come quando quanto quanta quanti quante dove perche questo questa quello quella e sono sei
        siamo ho hai ha abbiamo hanno avere essere posso puo possiamo devo deve fare faccio fa voglio
        vorrei riesco riesce serve andare ciao grazie favore anche gia qualcuno qualcosa
        """.split()  # noqa: SIM905
    ),
}
"""The same for the other languages with a stemmer, by their codes: folded, without accents. Negations are
left out, as in English: see NEGATIONS_OF."""

NEGATIONS_OF: Final[dict[str, frozenset[str]]] = {
    "de": frozenset({"nicht", "kein", "keine", "keinen", "ohne", "nie"}),
    "fr": frozenset({"ne", "pas", "sans", "rien", "jamais", "aucun", "aucune"}),
    "es": frozenset({"no", "sin", "nunca", "ningun", "ninguna"}),
    "pt": frozenset({"nao", "sem", "nunca", "nenhum", "nenhuma"}),
    "nl": frozenset({"niet", "geen", "zonder", "nooit"}),
    "it": frozenset({"non", "senza", "mai", "nessun", "nessuna"}),
}
"""They count in full, and tell the language as well as the others."""

ENGLISH_TOO: Final = frozenset(
    """
    am an as at die hat man war bin den will her mal also in so er um des dem was mir
    on son pour sale ton ma sa ses me te tu si est comment plus dont sous tout fait es a as ai y
    he has era sin con no come come van door over want we of is had were her men zijn dove per ten
    due are sole i o e u al de la le lo el los las del san en un il da do no na dos das com pro via
    oder os ate em pode tem fare fa ho chi ci vi ha hay algo via sue mie ser hun dan dat non ne sans mai
    """.split()  # noqa: SIM905
)
"""Words of these lists that also stand in English questions, as words, names or abbreviations: they tell
nothing about the language ("los angeles", "EN 388", "de facto", "the die", "com port", "SSE")."""

ELIDED: Final = frozenset(
    """
    l d j m n s t c qu jusqu lorsqu puisqu quoiqu quelqu presqu
    un dell all nell dall sull coll quell quest dov com bell sant
    """.split()  # noqa: SIM905
)
"""French and Italian words that lose their last letter before a vowel: "l'adresse", "dell'ufficio"."""

ENDINGS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "de": ((r"innen$", "in"),),
    "fr": ((r"i(?:ee?s?|ers?|eres?|ez)$", "ie"), (r"ees?$", "e"), (r"ions$", "ion")),
    "es": ((r"ces$", "z"), (r"ias$", "ia")),
    "pt": (
        (r"(?:oes|aes|aos)$", "ao"),
        (r"(?<=..)ais$", "al"),
        (r"eis$", "el"),
        (r"([aeiou])ns$", r"\1m"),
        (r"([aeio])cao$", r"\1ção"),
    ),
    "nl": ((r"rden$", "rd"), (r"(?<=[^aeiou][aou])s$", ""), (r"eeen$", "ee")),
}
"""Regular endings, without accents as words are folded, that Snowball leaves apart: (pattern, instead) by
language, applied one after the other to words of more than three letters. "cartões" is "cartão",
"oubliée" is "oublier"."""
