"""A sentence in each language that `language.py` tells, own ones."""

GERMAN = "Ich habe elf Winter auf der Fähre gearbeitet, und der Liegeplatz war nie das Problem, sondern der Fahrplan von 2019."
WELSH = "Mae'r fferi wedi bod yn hwyr bob dydd ers mis Mawrth, ac nid oes neb yn y swyddfa yn gallu dweud pam wrth y bobl."
CHINESE = "我在渡輪上工作了十一個冬天,泊位從來都不是問題,問題是2019年的時刻表,四十輛卡車也改變不了什麼。"
SAMPLES = {
    "en": "The ferry was late again, and nobody at the office could say why it had not left with the tide.",
    "de": GERMAN,
    "fr": "Le bac est encore en retard, et personne dans le bureau ne peut dire pourquoi il n'est pas parti avec la marée.",
    "es": "El transbordador llega tarde otra vez, y nadie en la oficina puede decir por qué no ha salido con la marea.",
    "it": "Il traghetto è di nuovo in ritardo, e nessuno nell'ufficio ha detto perché non è partito con la marea.",
    "pt": "A balsa está atrasada outra vez, e ninguém no escritório sabe dizer por que não saiu com a maré.",
    "nl": "De veerboot is weer te laat, en niemand op het kantoor kan zeggen waarom hij niet met het tij is vertrokken.",
    "sv": "Färjan är sen igen, och det finns ingen på kontoret som kan säga varför den inte har gått med tidvattnet.",
    "da": "Færgen er sen igen, og der er ikke nogen på kontoret som kan sige hvorfor den ikke var gået med tidevandet.",
    "fi": "Lautta on taas myöhässä, ja kukaan ei tiedä miksi se ei lähtenyt, mutta niin on aina ollut ja se on kaikki.",
    "pl": "Prom znowu się spóźnia, a nikt w biurze nie może powiedzieć, dlaczego nie wypłynął z przypływem.",
    "cs": "Přívoz má zase zpoždění a nikdo v kanceláři nemůže říct, proč se tak stalo, ale už to je jen horší.",
    "cy": WELSH,
    "ga": "Tá an bád mall arís agus níl a fhios ag aon duine san oifig cad é a tharla ar an gcé, ach bhí sé mar sin i gcónaí.",
    "tr": "Feribot bu sabah da çok geç kaldı ve ofiste kimse bunun neden böyle olduğunu bilmiyor, ama her gün için bir yalan var.",
    "ro": "Feribotul este din nou întârziat și nimeni de la birou nu a spus de ce nu a plecat, dar nu este ceva nou în acest oraș.",
    "hu": "A komp megint késik, és az irodában nem tudja senki, hogy miért nem indult el, de ez már nagyon régen így van.",
    "ru": "Паром снова опаздывает, и никто не знает почему.",
    "el": "Το πλοίο άργησε πάλι και κανείς δεν ξέρει γιατί.",
    "he": "המעבורת מאחרת שוב ואיש אינו יודע מדוע.",
    "ar": "العبارة متأخرة مرة أخرى ولا أحد يعرف السبب.",
    "ja": "フェリーはまたおくれていて、だれもそのわけをしらない。",
    "ko": "배가 또 늦었고 아무도 그 이유를 모릅니다.",
    "zh": CHINESE,
    "hi": "नाव फिर देर से आई और कोई नहीं जानता क्यों।",
    "und": "ꦱꦸꦒꦼꦁꦫꦮꦸꦃꦥꦫꦠꦩꦸ",
}  # fmt: skip
