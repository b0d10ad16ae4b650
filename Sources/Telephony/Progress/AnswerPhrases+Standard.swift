extension AnswerPhrases {
    /// English, Spanish, German and French.
    public static let standard = AnswerPhrases(english + spanish + german + french)

    private static func entries(
        _ answeredBy: AnsweredBy, _ language: String, _ strength: Entry.Strength, _ texts: [String]
    ) -> [Entry] {
        texts.map { Entry(answeredBy, language, $0, strength) }
    }

    private static func entries(_ answeredBy: AnsweredBy, _ language: String, _ texts: [String]) -> [Entry] {
        entries(answeredBy, language, .sure, texts)
    }

    private static let english =
        entries(
            .voicemail, "en",
            [
                "leave a message", "leave me a message", "leave your message", "leave us a message",
                "leave your name", "leave a brief message", "leave a detailed message", "record your message",
                "after the tone", "after the beep", "at the tone", "at the beep", "wait for the beep",
                "voicemail", "voice mail", "voice message system", "voice messaging system", "mailbox",
                "answering machine", "cant come to the phone", "cannot come to the phone",
                "unable to come to the phone", "unable to take your call", "cannot take your call",
                "cant take your call", "sorry i missed your call", "sorry we missed your call",
                "you have reached the voicemail", "get back to you as soon",
            ])
        + entries(
            .voicemail, "en", .likely,
            [
                "is not available", "not available right now", "is unavailable", "you have reached",
                "youve reached", "your call has been forwarded", "trying to reach", "call you back",
                "get back to you", "at the moment",
            ])
        + entries(
            .screening, "en",
            [
                "who is calling and why", "say your name and why", "your name and why youre calling",
                "your name and reason for calling", "your name and the reason for your call",
                "name and reason for your call", "reason for calling", "why youre calling",
                "why you are calling",
                "screening service", "call screening", "call assist", "screening this call",
                "see if this person is available", "see if they are available", "try to connect you",
                "say who you are and why", "state your name", "stay on the line while i",
                "a copy of this conversation",
            ])
        + entries(
            .ivr, "en",
            [
                "press one for", "press 1 for", "press one to", "press 1 to", "for * press one",
                "for * press 1",
                "for * press two", "for * press 2", "to * press one", "to * press 1", "for english press",
                "main menu", "following options", "menu options", "our options have changed", "para espanol",
                "dial by name directory", "enter your account number", "say or enter", "press star",
                "press pound",
            ])
        + entries(
            .human, "en", .likely,
            [
                "hello", "hi", "hey", "yes", "yeah", "speaking", "who is this", "whos this", "who is calling",
                "whos calling", "this is *", "how can i help you", "how may i help you", "good morning",
                "good afternoon",
            ])

    private static let spanish =
        entries(
            .voicemail, "es",
            [
                "deje su mensaje", "deje un mensaje", "deja un mensaje", "deja tu mensaje",
                "dejar un mensaje",
                "despues de la senal", "despues del tono", "al oir la senal", "buzon de voz", "buzon",
                "contestador", "no puedo contestar", "no podemos atenderle", "no puedo atenderle",
                "grabe su mensaje",
            ])
        + entries(.voicemail, "es", .likely, ["no esta disponible", "ha llamado al", "en este momento"])
        + entries(
            .screening, "es",
            [
                "motivo de la llamada", "motivo de su llamada", "diga su nombre y", "di tu nombre y",
                "quien llama y por que", "filtro de llamadas", "si esta persona esta disponible",
            ])
        + entries(
            .ivr, "es",
            [
                "marque uno", "marque 1", "marque dos", "marque 2", "pulse uno", "pulse 1", "pulse dos",
                "pulse 2",
                "presione uno", "presione 1", "menu principal", "siguientes opciones",
            ])
        + entries(
            .human, "es", .likely,
            [
                "hola", "diga", "digame", "bueno", "alo", "si", "quien es", "quien habla",
                "en que puedo ayudarle",
            ])

    private static let german =
        entries(
            .voicemail, "de",
            [
                "hinterlassen sie eine nachricht", "hinterlassen sie ihre nachricht",
                "hinterlass eine nachricht",
                "hinterlasst eine nachricht", "nachricht nach dem", "nach dem signalton", "nach dem ton",
                "nach dem piep", "nach dem piepton", "mailbox", "anrufbeantworter", "sprachbox",
                "sprachnachricht",
            ])
        + entries(
            .voicemail, "de", .likely,
            [
                "nicht erreichbar", "nicht verfugbar", "gerade nicht da", "rufe zuruck", "rufen zuruck",
                "zur zeit",
            ])
        + entries(
            .screening, "de",
            [
                "grund fur deinen anruf", "grund fur ihren anruf", "grund ihres anrufs",
                "grund deines anrufs",
                "wer anruft und warum", "nennen sie ihren namen", "nenne deinen namen", "anrufassistent",
                "ob diese person verfugbar",
            ])
        + entries(
            .ivr, "de",
            [
                "drucken sie die eins", "drucken sie die 1", "drucken sie die zwei", "drucken sie die 2",
                "drucken sie eins", "drucken sie 1", "wahlen sie die", "hauptmenu", "folgenden optionen",
            ])
        + entries(
            .human, "de", .likely,
            [
                "hallo", "ja", "ja bitte", "wer ist da", "guten tag", "guten morgen", "am apparat",
                "was kann ich fur sie tun",
            ])

    private static let french =
        entries(
            .voicemail, "fr",
            [
                "laissez un message", "laisser un message", "laissez moi un message", "laisser votre message",
                "laissez votre message", "apres le bip", "apres le signal", "messagerie", "repondeur",
                "boite vocale",
            ])
        + entries(
            .voicemail, "fr", .likely,
            ["pas disponible", "vous etes bien", "indisponible", "pour le moment", "je vous rappelle"])
        + entries(
            .screening, "fr",
            [
                "raison de votre appel", "motif de votre appel", "votre nom et la raison",
                "qui appelle et pourquoi",
                "filtrage d appel", "filtrage dappel", "si cette personne est disponible",
            ])
        + entries(
            .ivr, "fr",
            [
                "tapez un", "tapez 1", "tapez deux", "tapez 2", "appuyez sur", "menu principal",
                "options suivantes",
            ])
        + entries(
            .human, "fr", .likely,
            [
                "allo", "oui", "oui allo", "bonjour", "qui est a lappareil", "cest de la part de qui",
                "que puis je faire",
            ])
}
