"""A person's question finds the text that answers it, in whatever script and spelling either is written.

Every text is found among all the others, through the engine that the portal runs with.
"""

import unicodedata

import pytest

from portal.indexing.engine import Document
from portal.indexing.whoosh_engine import WhooshEngine
from portal.search.understanding import understand

EVERYONE = frozenset({"everyone"})

TEXTS: dict[str, tuple[str, str]] = {
    "it": ("en", "Call IT when the screen stays dark"),
    "us": ("en", "Write to us about the canteen"),
    "login": ("en", "You can not log in to the till"),
    "password": ("en", "Choose a password of 14 characters"),
    "w2": ("en", "Your W-2 comes in January"),
    "p60": ("en", "Your P60 comes in May"),
    "401k": ("en", "Saving in the 401(k) plan"),
    "wifi": ("en", "Join the office Wi-Fi"),
    "wlan": ("en", "The guest wifi is slow"),
    "email": ("en", "Forward an e-mail to a colleague"),
    "2fa": ("en", "2FA asks for a second proof"),
    "sign-in": ("en", "The sign-in page shows a blue key"),
    "incident": ("en", "INC-2041 is about the lift"),
    "incident-other": ("en", "INC-2014 is about the stairs"),
    "version": ("en", "Lumen v2.10 brings half days"),
    "version-other": ("en", "Lumen v21.0 brings quarter days"),
    "address": ("en", "The scanner answers at 192.168.0.1"),
    "address-other": ("en", "The plotter answers at 192.168.1.0"),
    "bonus": ("en", "Referral bonus of 1,000 pounds"),
    "reset": ("en", "Thumb drive with a pass\u00adphrase\u200b wizard"),
    "urlaub": ("de", "Der Urlaubsantrag geht an die Führungskraft"),
    "kennwort": ("de", "Passwörter brauchen 14 Zeichen"),
    "mail-adresse": ("de", "Deine E-Mail-Adresse ändern"),
    "strasse": ("de", "Der Empfang in der Großen Straße"),
    "adresse": ("fr", "Changer l’adresse d'accès au bâtiment"),
    "oubli": ("fr", "Vous avez oublié votre carte de cantine"),
    "contrasena": ("es", "Cambiar las contraseñas del almacén"),
    "vacaciones": ("es", "Pedir las vacaciones de verano"),
    "cartao": ("pt", "Os cartões de refeição chegam em março"),
    "ferias": ("pt", "Marcar férias e ausências"),
    "fotos": ("nl", "De foto's op de toegangspas"),
    "ufficio": ("it", "L'orario dell'ufficio postale"),
    "istanbul": ("tr", "İSTANBUL ofisi ışıkları"),
    "odos": ("el", "Η οδός του γραφείου"),
    "parol": ("ru", "Сменить пароль для почты"),
    "ijaza": ("ar", "طلب إجازة سنوية"),
    "chufsha": ("he", "בקשת חֻפְשָׁה שנתית"),
    "hindi": ("hi", "पासवर्ड रीसेट करना"),
    "thai": ("th", "ลืมรหัสผ่านของคุณ"),
    "japanese": ("ja", "有給休暇を申請する"),
    "kana": ("ja", "プリンターが動かない"),
    "chinese": ("zh", "如何申请出差报销"),
    "korean": ("ko", "연차휴가를 신청하는 방법"),
    "korean-vpn": ("ko", "VPN을 연결합니다"),
    "vietnamese": ("vi", "Đăng ký nghỉ phép"),
    "emoji": ("en", "Party 🎉 in the garden"),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> WhooshEngine:
    engine = WhooshEngine(tmp_path_factory.mktemp("any-language") / "index")
    engine.put(
        Document(f"{name}#", name, 1, EVERYONE, {"title": text, "body": text}, language=language)
        for name, (language, text) in TEXTS.items()
    )
    return engine


def first(engine: WhooshEngine, question: str) -> str | None:
    query = understand(question, engine.vocabulary(audiences=EVERYONE)).query
    hits = engine.search(query, audiences=EVERYONE, limit=3).hits
    return hits[0].group if hits else None


@pytest.mark.parametrize(
    ("name", "questions"),
    [
        ("it", ["IT", "call IT", "phone number of IT please call"]),
        ("us", ["us", "how do I write to us"]),
        ("login", ["can't log in", "cant log in", "cannot log in to the till"]),
        ("password", ["password?", "passwords", "PASSWORD!!!", "„password“"]),
        ("w2", ["W-2", "w2", "my W2", "w‑2", "w2s"]),
        ("p60", ["P60", "p60s?", "my p60"]),
        ("401k", ["401(k)", "401k", "401 k"]),
        ("wifi", ["Wi-Fi office", "wi-fi in the office", "wi fi office", "wifi office", "office WIFI"]),
        ("wlan", ["slow wifi", "slow Wi-Fi", "guest wi-fi"]),
        ("email", ["email", "e-mail", "forward an eMail", "forward e mail"]),
        ("2fa", ["2FA", "2fa"]),
        ("sign-in", ["sign in", "sign-in", "signin", "Signin page"]),
        ("incident", ["INC-2041", "inc2041", "INC 2041"]),
        ("version", ["v2.10", "V2.10", "what is new in v2.10"]),
        ("version-other", ["v21.0"]),
        ("address", ["192.168.0.1", "what is 192.168.0.1?"]),
        ("address-other", ["192.168.1.0"]),
        ("bonus", ["1000", "1,000", "1.000"]),
        ("reset", ["passphrase wizard", "pass\u00adphrase"]),
        ("urlaub", ["Urlaubsantrag", "urlaubsanträge", "Urlaubs-Antrag", "wohin geht mein Urlaubsantrag"]),
        ("kennwort", ["Passwort Zeichen", "Passwörter", "Passwoerter", "wie viele zeichen für ein passwort"]),
        ("mail-adresse", ["emailadresse", "e-mail-adresse ändern", "E-Mail-Adressen"]),
        ("strasse", ["große Strasse", "grosse straße", "Strasse"]),
        ("adresse", ["adresse d’accès", "l'adresse du bâtiment", "acces batiment"]),
        ("oubli", ["j'ai oublié ma carte", "carte oubliée", "oublier carte cantine"]),
        ("contrasena", ["contraseña", "contrasena", "¿cómo cambio mi contraseña?"]),
        ("vacaciones", ["vacaciones", "¿cuándo pido mis vacaciones?"]),
        ("cartao", ["cartão de refeição", "cartao refeicao", "quando chega o meu cartão"]),
        ("ferias", ["ferias", "marcar férias", "ausência"]),
        ("fotos", ["foto's", "foto toegangspas", "mijn foto"]),
        ("ufficio", ["ufficio postale", "orari degli uffici", "dell’ufficio"]),
        ("istanbul", ["istanbul", "İstanbul", "ISTANBUL", "ışık istanbul"]),
        ("odos", ["ΟΔΟΣ", "οδος γραφειου", "οδός"]),
        ("parol", ["пароль", "ПАРОЛЬ для почты"]),
        ("ijaza", ["إجازة", "اجازة", "اجازه سنويه"]),
        ("chufsha", ["חפשה", "חֻפְשָׁה"]),
        ("hindi", ["पासवर्ड", "पासवर्ड रीसेट"]),
        ("thai", ["รหัสผ่าน", "ลืมรหัส"]),
        ("japanese", ["休暇", "有給休暇", "休暇の申請"]),
        ("kana", ["プリンター", "ﾌﾟﾘﾝﾀｰ"]),
        ("chinese", ["报销", "出差怎么报销"]),
        ("korean", ["휴가", "연차휴가", "휴가는 어떻게 신청하나요"]),
        ("korean-vpn", ["VPN", "vpn 연결"]),
        ("vietnamese", ["nghỉ phép", "nghi phep", "dang ky nghi phep"]),
        ("emoji", ["party 🎉", "🎉 garden"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_found(engine: WhooshEngine, name: str, questions: list[str]) -> None:
    found = {question: first(engine, question) for question in questions}
    assert found == dict.fromkeys(questions, name)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_finds_itself_also_decomposed_and_in_capitals(engine: WhooshEngine, name: str) -> None:
    text = TEXTS[name][1]
    for question in (text, unicodedata.normalize("NFD", text), text.upper()):
        assert first(engine, question) == name, question
