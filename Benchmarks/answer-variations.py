#!/usr/bin/env python3
"""Makes labelled recordings of what a caller hears after the answer, for `script/bench --answers DIR`.

usage: Benchmarks/answer-variations.py OUTDIR [--seed N] [--scale F] [--voices a,b] [--real DIR]
  --scale  share of the standard 600 recordings
  --voices train (default), other, or held: the limits were set on the first two; held has other voices, pitches, tempos,
           word gaps, pauses between sentences, noises and a radio's codec, and nothing was ever set on it
  --real   a folder with labels.csv whose people (column real_recording 1) are spoken again here, at other levels and times
Needs numpy, sox, espeak-ng and flite. Everything is drawn from the seed.
"""
import argparse, csv, math, os, random, re, subprocess, sys, tempfile, wave
import numpy as np

FS = 8000
VOICES = {
    "train": [("espeak", v, l) for v, l in [
        ("en-us", "en"), ("en-us+m1", "en"), ("en-us+m3", "en"), ("en-us+f1", "en"), ("en-us+f2", "en"), ("en-gb+f3", "en"),
        ("en-gb", "en"), ("es+m1", "es"), ("es+f2", "es"), ("de+m3", "de"), ("de+f1", "de"), ("fr-fr+m1", "fr"),
        ("fr-fr+f4", "fr")]] + [("flite", "kal", "en"), ("flite", "awb", "en"), ("flite", "slt", "en")],
    "other": [("espeak", v, l) for v, l in [
        ("en-us+m7", "en"), ("en-us+f5", "en"), ("en-gb+m5", "en"), ("en-gb+klatt3", "en"), ("en-us+Annie", "en"),
        ("en-gb-scotland", "en"), ("es-419+m4", "es"), ("es+f5", "es"), ("de+m6", "de"), ("de+f4", "de"), ("fr-fr+m5", "fr"),
        ("fr-be+f2", "fr")]] + [("flite", "rms", "en"), ("flite", "slt", "en")],
    "held": [("espeak", v, l) for v, l in [
        ("en-gb-x-rp+Andrea", "en"), ("en-us-nyc+Mike", "en"), ("en-029+Alex", "en"), ("en-gb-x-gbcwmd+linda", "en"),
        ("en-us+norbert", "en"), ("en-us+steph", "en"), ("en-gb+Gene", "en"), ("en-us+victor", "en"), ("en-gb-x-gbclan+klatt5", "en"),
        ("es+Alicia", "es"), ("es-419+pablo", "es"), ("de+Storm", "de"), ("de+anika", "de"), ("fr-fr+Michel", "fr"),
        ("fr-ch+belinda", "fr")]] + [("flite", "kal16", "en"), ("flite", "rms", "en"), ("flite", "awb", "en")],
}
NAMES = ["Sam", "Maria", "the Wilsons", "Doctor Patel", "Acme Plumbing", "Jonas", "Jennifer Ortega", "Lee"]
HELLO = {
    "en": ["Hello?", "Hello.", "Hi.", "Yes?", "Hey.", "Yeah, hello?", "Hi, this is {n}.", "Hello, {n} speaking.", "This is {n}.",
           "Who is this?", "Hello, who's calling?", "{n}."],
    "es": ["¿Diga?", "¿Hola?", "¿Bueno?", "Sí, dígame.", "¿Aló?"],
    "de": ["Hallo?", "{n}, guten Tag.", "Ja bitte?", "{n}."],
    "fr": ["Allô?", "Oui, allô?", "Bonjour.", "Oui?"],
}
BUSINESS = {
    "en": ["Good morning, Acme dental, this is Susan speaking, how can I help you?", "Thank you for calling {n}, how may I help you?",
           "{n}, good afternoon, this is Peter.", "Good afternoon, {n}, how can I direct your call?"],
    "es": ["Buenos días, clínica dental, le atiende Susana, ¿en qué puedo ayudarle?"],
    "de": ["Guten Tag, Zahnarztpraxis Müller, mein Name ist Weber, was kann ich für Sie tun?"],
    "fr": ["Cabinet dentaire, bonjour, Susanne à l'appareil, que puis-je faire pour vous?"],
}
GREETING = {
    "en": ["Hi, you've reached {n}. I can't come to the phone right now. Please leave a message after the beep.",
           "You have reached the voicemail box of {d}. At the tone, please record your message.",
           "The person you are trying to reach is not available. Please leave your message after the tone.",
           "Hello, this is {n}. Sorry I missed your call. Leave your name and number and I'll get back to you.",
           "Hey, it's {n}. You know what to do. Wait for the beep and leave me a message.",
           "Hello. You have reached {n}. We are closed at the moment. Please leave a message and we will call you back.",
           "Your call has been forwarded to an automatic voice message system. {d} is not available. At the tone, please record your message.",
           "The customer you have called is not available right now. Please try again later, or leave a message after the tone."],
    "es": ["Ha llamado al {d}. En este momento no podemos atenderle. Deje su mensaje después de la señal.",
           "Hola, soy {n}. No puedo contestar. Por favor deje un mensaje."],
    "de": ["Guten Tag, Sie sind mit der Mailbox von {n} verbunden. Bitte hinterlassen Sie eine Nachricht nach dem Signalton.",
           "Hallo, hier ist der Anrufbeantworter von {n}. Ich bin gerade nicht da. Bitte sprechen Sie nach dem Ton."],
    "fr": ["Bonjour, vous êtes bien sur la messagerie de {n}. Laissez un message après le bip sonore.",
           "Bonjour, je ne suis pas disponible pour le moment. Merci de me laisser un message après le signal."],
}
SHORT = {"en": ["Please leave a message.", "Leave a message after the beep.", "You've reached {n}. Leave a message."],
         "es": ["Deje su mensaje."], "de": ["Bitte sprechen Sie nach dem Ton."], "fr": ["Laissez un message."]}
SCREEN = {
    "en": ["Hi, if you record your name and reason for calling, I'll see if this person is available.",
           "Hi, the person you're calling is using a screening service, and will get a copy of this conversation. "
           "Go ahead and say your name, and why you're calling.",
           "Hello. Please say your name and the reason for your call after the tone, and I will try to connect you."],
    "es": ["Hola. Diga su nombre y el motivo de la llamada y veré si esta persona está disponible."],
    "de": ["Hallo. Wenn du deinen Namen und den Grund für deinen Anruf nennst, sehe ich nach, ob diese Person verfügbar ist."],
    "fr": ["Bonjour. Si vous dites votre nom et la raison de votre appel, je verrai si cette personne est disponible."],
}
MENU = {
    "en": (["Thank you for calling {n}.", "Welcome to {n}. Please listen carefully, as our options have changed."],
           ["For sales, press one.", "For support, press two.", "For billing, press three.", "For opening hours, press four.",
            "To speak to an operator, press zero."]),
    "es": (["Gracias por llamar a {n}."],
           ["Para ventas, marque uno.", "Para soporte, marque dos.", "Para facturas, marque tres.", "Para hablar con un operador, marque cero."]),
    "de": (["Willkommen bei {n}."],
           ["Für den Verkauf drücken Sie die eins.", "Für den Service drücken Sie die zwei.", "Für Rechnungen drücken Sie die drei.",
            "Für einen Mitarbeiter drücken Sie die null."]),
    "fr": (["Bienvenue chez {n}."],
           ["Pour les ventes, tapez un.", "Pour le service client, tapez deux.", "Pour les factures, tapez trois.", "Pour un conseiller, tapez zéro."]),
}
HOLD = {"en": "Thank you. Please stay on the line.", "es": "Gracias. Espere un momento.", "de": "Danke. Bitte bleib dran.",
        "fr": "Merci. Restez en ligne."}

rng = random.Random(1)


def read(path, extra=()):
    out = subprocess.run(["sox", "-V1", path, "-t", "raw", "-r", str(FS), "-e", "signed", "-b", "16", "-c", "1", "-", *extra],
                         capture_output=True, check=True).stdout
    return np.frombuffer(out, dtype="<i2").astype(np.float64) / 32768


def trim(x, db=-42):
    n = len(x) // 80
    if n < 3: return x
    e = 10 * np.log10(np.mean(x[:n * 80].reshape(n, 80) ** 2, axis=1) + 1e-12)
    on = np.where(e > e.max() + db)[0]
    return x[max(0, on[0] - 1) * 80:(on[-1] + 2) * 80]


HELD = False


def speak(voice, text):
    engine, name, lang = voice
    text = text.format(n=rng.choice(NAMES), d=" ".join(rng.choice("0123456789") for _ in range(7)))
    # People who read a greeting out pause between its sentences as they like; synthesisers always in the same way.
    sentences = re.findall(r"[^.!?]+[.!?]*", text) if HELD and rng.random() < .5 else [text]
    if len(sentences) > 1:
        x = [utter(voice, s.strip()) for s in sentences if s.strip()]
        return np.concatenate([x[0]] + [y for s in x[1:] for y in (sil(rng.randint(150, 750)), s)]), text
    return utter(voice, text), text


def utter(voice, text):
    engine, name, lang = voice
    with tempfile.NamedTemporaryFile(suffix=".wav") as f:
        if engine == "espeak":
            run = ["espeak-ng", "-v", name, "-s", str(rng.randint(130, 200)), "-p", str(rng.randint(25, 75)), "-w", f.name, text]
            if HELD: run[1:1] = ["-g", str(rng.randint(0, 6))]
        else:
            run = ["flite", "-voice", name, "--setf", f"duration_stretch={rng.uniform(.85, 1.2):.2f}", "-t", text, "-o", f.name]
        subprocess.run(run, capture_output=True, check=True)
        change = ["pitch", str(rng.randint(-250, 250)), "tempo", "-s", f"{rng.uniform(.85, 1.2):.2f}"] if HELD else []
        return trim(read(f.name, change))


def sil(ms): return np.zeros(int(FS * ms / 1000))


def tone(freqs, ms, amp=.25):
    t = np.arange(int(FS * ms / 1000)) / FS
    x = sum(np.sin(2 * math.pi * f * t + rng.random() * 6) for f in freqs) * amp / max(1, len(freqs)) ** .5
    k = min(len(x) // 2, 32)
    ramp = np.linspace(0, 1, k); x[:k] *= ramp; x[-k:] *= ramp[::-1]
    return x


def beep():
    f = rng.uniform(400, 2100); ms = rng.choice([60, 80, 100, 150, 200, 300, 400, 600, 1000])
    return tone([f], ms, rng.uniform(.1, .5)), f"{f:.0f} Hz {ms} ms"


def noise(n, kind):
    r = np.random.default_rng(rng.getrandbits(32)); w = r.standard_normal(n)
    if kind == "white": return w
    W = np.fft.rfft(w); f = np.fft.rfftfreq(n, 1 / FS)
    if kind == "fan": return np.fft.irfft(W / (1 + (f / 400) ** 2) + 40 * (np.abs(f - 118) < 2) * np.abs(W), n)
    if kind == "clicks": return w * .2 + 6 * (r.random(n) < .0005)
    if kind == "pink": return np.fft.irfft(W / np.sqrt(np.maximum(f, 20)), n)
    if kind == "room": return np.fft.irfft(W / np.maximum(f, 60), n)
    if kind == "hum":
        t = np.arange(n) / FS
        return sum(np.sin(2 * math.pi * 50 * k * t) / k for k in (1, 2, 3, 5)) + .2 * w
    x = np.fft.irfft(W / np.sqrt(np.maximum(f, 20)), n)  # street: swells
    return x * (1 + .7 * np.sin(2 * math.pi * np.arange(n) / FS * rng.uniform(.1, .5) + rng.random() * 6))


BABBLE = []


def background(n, kind):
    """`tv`: other people's talk, far away."""
    if kind != "tv": return noise(n, kind)
    x = np.zeros(n)
    for _ in range(3):
        b = np.tile(rng.choice(BABBLE), 1 + n // FS)
        x += b[(o := rng.randrange(len(b) - n)):o + n] if len(b) > n else np.resize(b, n)
    return x


def codec(x, kind):
    if kind in ("gsm", "gsm+gsm"):
        for _ in range(1 + kind.count("+")):
            with tempfile.TemporaryDirectory() as d:
                write(d + "/a.wav", x); subprocess.run(["sox", "-V1", d + "/a.wav", d + "/b.gsm"], check=True)
                y = read(d + "/b.gsm")[:len(x)]; x = np.pad(y, (0, len(x) - len(y)))
        return x
    if kind == "radio":  # overdriven, 350 to 3,000 Hz, in steps of 3 dB every 20 ms as a level control does
        X = np.fft.rfft(np.tanh(x * 4) / 4); f = np.fft.rfftfreq(len(x), 1 / FS); y = np.fft.irfft(X * ((f > 350) & (f < 3000)), len(x))
        g = 10 ** (.15 * np.random.default_rng(rng.getrandbits(32)).integers(-1, 2, len(y) // 160 + 1)); return y * np.repeat(g, 160)[:len(y)]
    if kind == "narrow":  # a cell at its worst: 300 to 2,800 Hz, coarse spectrum in 20 ms blocks, as low-rate codecs leave it
        n = len(x) // 160 * 160; y = x.copy()
        F = np.fft.rfft(y[:n].reshape(-1, 160), axis=1); m = np.abs(F)
        F[m < m.max(axis=1, keepdims=True) * .05] = 0; F[:, :6] = 0; F[:, 57:] = 0
        y[:n] = np.fft.irfft(F, 160, axis=1).reshape(-1)
        return y
    return x


def lose(x, share):
    for i in range(0, len(x) - 160, 160):
        if rng.random() < share: x[i:i + 160] = 0
    return x


def companded(x, law):
    """Through G.711 and back."""
    mu = law == "pcmu"; c = 255.0 if mu else 87.6; s = np.sign(x); a = np.abs(np.clip(x, -.99, .99))
    y = np.log1p(c * a) / np.log1p(c) if mu else np.where(a < 1 / c, c * a, 1 + np.log(np.maximum(c * a, 1))) / (1 + np.log(c))
    y = (np.floor(y * 128) + .5) / 128
    z = np.expm1(y * np.log1p(c)) / c if mu else np.where(y < 1 / (1 + np.log(c)), y * (1 + np.log(c)) / c, np.exp(y * (1 + np.log(c)) - 1) / c)
    return np.where(a == 0, 0, s * z)


def write(path, x):
    with wave.open(path, "wb") as w:
        w.setnchannels(1); w.setsampwidth(2); w.setframerate(FS)
        w.writeframes(np.clip(np.round(x * 32767), -32768, 32767).astype("<i2").tobytes())


def main():
    global rng, HELD
    p = argparse.ArgumentParser(); p.add_argument("out"); p.add_argument("--seed", type=int, default=1)
    p.add_argument("--scale", type=float, default=1); p.add_argument("--voices", default="train"); p.add_argument("--real")
    o = p.parse_args(); rng = random.Random(o.seed); os.makedirs(o.out, exist_ok=True); HELD = o.voices == "held"
    voices = VOICES[o.voices]; rows = []
    for v in voices[:4]: BABBLE.append(speak(v, "So then we went there, and what do you think, nobody was in and the whole house was dark again.")[0])

    def emit(label, parts, voice="", content="", note="", tv=True):
        t, marks, x = 0.0, [], []
        for kind, s in parts: marks.append((kind, t, t + len(s) / 8)); t += len(s) / 8; x.append(s)
        x = np.concatenate(x); loud = np.abs(x) > .01
        level = rng.uniform(-35, -10); rms = np.sqrt(np.mean(x[loud] ** 2)) if loud.any() else 0
        if rms: x = x * (10 ** (level / 20) / rms)
        snr = rng.choice([45, 40, 35, 30, 25, 20, 15]); kind = rng.choice(["white", "pink", "room", "hum", "street"] + ["fan", "clicks"] * HELD)
        if tv and rng.random() < .1: kind, snr = "tv", max(25, snr)
        b = background(len(x), kind); x = x + b * (10 ** ((level - snr) / 20) / np.sqrt(np.mean(b ** 2)))
        c = rng.choice(["none", "none", "gsm", "gsm+gsm", "narrow"] + ["radio"] * HELD); x = codec(np.clip(x, -.99, .99), c)
        loss = rng.choice([0, 0, 0, .01, .03]); law = rng.choice(["pcmu", "pcma"]); x = lose(companded(x, law), loss)
        name = f"{label}-{len(rows):04d}.wav"; write(os.path.join(o.out, name), x)
        sp = [m for m in marks if m[0] == "speech"]; bp = [m for m in marks if m[0] == "beep"]
        rows.append(dict(file=name, label=label, voice=voice, speech_start_ms=int(sp[0][1]) if sp else "",
            speech_end_ms=int(sp[0][2]) if sp else "", speech_segments=";".join(f"{int(a)}-{int(b)}" for _, a, b in sp),
            beep_start_ms=int(bp[0][1]) if bp else "", beep_end_ms=int(bp[0][2]) if bp else "", duration_ms=int(t), level=f"{level:.0f}",
            snr_db=snr, noise=kind, codec=f"{c}+{law}", loss=loss, content=content, note=note))

    def times(n): return range(max(1, round(n * o.scale)))

    def start(): return ("gap", sil(rng.choice([rng.randint(20, 300), rng.randint(150, 1800), rng.randint(300, 900)])))

    for _ in times(150):
        v = rng.choice(voices); s, text = speak(v, rng.choice(HELLO[v[2]])); parts = [start(), ("speech", s)]
        if rng.random() < .35:
            again, _ = speak(v, rng.choice(HELLO[v[2]])); parts += [("gap", sil(rng.randint(400, 2200))), ("speech", again)]
        emit("human", parts + [("gap", sil(rng.randint(2500, 3500)))], v[1], text, "hello")
    for _ in times(30):
        v = rng.choice(voices); s, text = speak(v, rng.choice(BUSINESS[v[2]]))
        emit("human", [start(), ("speech", s), ("gap", sil(3500))], v[1], text, "business")
    if o.real:
        people = [r for r in csv.DictReader(open(os.path.join(o.real, "labels.csv"))) if r["label"] == "human" and r.get("real_recording") == "1"]
        for _ in times(60):
            r = rng.choice(people); x = read(os.path.join(o.real, r["file"]), ["speed", f"{rng.uniform(.88, 1.12):.3f}"])
            f = len(read(os.path.join(o.real, r["file"]))) / len(x); a, b = [float(q) * 8 / f for q in r["speech_segments"].split(";")[0].split("-")]
            emit("human", [start(), ("speech", x[int(a):int(b)]), ("gap", sil(3000))], r["voice"], r["content"], "real", tv=False)
    for _ in times(150):
        v = rng.choice(voices); s, text = speak(v, rng.choice(GREETING[v[2]])); b, what = beep()
        parts = [("gap", sil(rng.randint(50, 1500))), ("speech", s), ("gap", sil(rng.randint(50, 1200)))]
        parts += [("gap", sil(1500))] if rng.random() < .1 else [("beep", b), ("gap", sil(1500))]
        emit("machine", parts, v[1], text, what)
    for _ in times(30):
        v = rng.choice(voices); s, text = speak(v, rng.choice(SHORT[v[2]])); b, what = beep()
        emit("machine", [("gap", sil(rng.randint(50, 900))), ("speech", s), ("gap", sil(rng.randint(50, 600))), ("beep", b), ("gap", sil(2000))],
             v[1], text, "short, " + what)
    for _ in times(50):
        v = rng.choice(voices); s, text = speak(v, rng.choice(SCREEN[v[2]])); parts = [("gap", sil(rng.randint(20, 350)))]
        if rng.random() < .3: parts += [("tone", tone([rng.choice([880, 1047, 1319])], 180, .2)), ("gap", sil(rng.randint(60, 200)))]
        parts += [("speech", s), ("gap", sil(rng.randint(3000, 5000)))]
        if rng.random() < .7: parts += [("speech", speak(v, HOLD[v[2]])[0]), ("gap", sil(800)), ("tone", tone([440, 480], 2000)), ("gap", sil(2500))]
        emit("screening", parts, v[1], text)
    for _ in times(50):
        v = rng.choice(voices); intro, choices = MENU[v[2]]; s, text = speak(v, rng.choice(intro)); pause = rng.randint(350, 900)
        spoken = [s] + [speak(v, c)[0] for c in choices]; parts = [("gap", sil(rng.randint(50, 900)))]
        for _ in range(2):
            for s in spoken: parts += [("speech", s), ("gap", sil(pause + rng.randint(-60, 60)))]
            parts += [("gap", sil(rng.randint(1500, 3000)))]
        emit("ivr", parts, v[1], text)
    for _ in times(30):
        b, what = beep(); emit("beep", [("gap", sil(rng.randint(300, 1500))), ("beep", b), ("gap", sil(1800))], content=what, tv=False)
    for i in times(20):
        x = [np.concatenate([tone([1100], 500), sil(3000)] * 2 + [tone([1100], 500)]), tone([2100], rng.randint(2600, 4000)),
             tone([2225], 3000)][i % 3]
        emit("fax", [("gap", sil(rng.randint(100, 1900))), ("tone", x), ("gap", sil(500))], content=["CNG", "CED", "2225"][i % 3], tv=False)
    for _ in times(20): emit("silence", [("gap", sil(6500))], tv=False)
    with open(os.path.join(o.out, "labels.csv"), "w", newline="") as f:
        w = csv.DictWriter(f, rows[0].keys()); w.writeheader(); w.writerows(rows)
    print(len(rows), "recordings")


main()
