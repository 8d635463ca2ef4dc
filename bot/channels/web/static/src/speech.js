// Reading aloud with the browser's own voice. Voices that a browser fetches from elsewhere are left alone.

const speech = "speechSynthesis" in window ? window.speechSynthesis : null;
let finish = null; // of what is being read now

export const canSpeak = () => Boolean(speech);

async function voices() {
  if (!speech.getVoices().length) {
    await new Promise((done) => {
      speech.addEventListener("voiceschanged", done, { once: true });
      setTimeout(done, 1000);
    });
  }
  return speech.getVoices();
}

/** The voice on this device for a language („de“, „en“); null when there is none. */
export async function voiceFor(language) {
  const own = (await voices()).filter((voice) => voice.localService && voice.lang.toLowerCase().startsWith(language));
  return own.find((voice) => voice.default) ?? own[0] ?? null;
}

export function silence() {
  finish?.();
  finish = null;
  speech?.cancel();
}

/** Read lines one after the other; `done` is called at the end or when something else is read. False without a voice. */
export async function speak(lines, language, done) {
  silence();
  const mine = (finish = done);
  const voice = await voiceFor(language);
  if (finish !== mine) return true;
  if (!voice) {
    finish = null;
    return false;
  }
  lines.forEach((line, index) => {
    const utterance = new SpeechSynthesisUtterance(line.replace(/^• /, "").replace(/(\d)\s?–\s?(\d)/g, language === "en" ? "$1 to $2" : "$1 bis $2"));
    Object.assign(utterance, { voice, lang: voice.lang });
    if (index === lines.length - 1) {
      utterance.onend = utterance.onerror = () => {
        if (finish !== mine) return;
        finish = null;
        done();
      };
    }
    speech.speak(utterance);
  });
  return true;
}

window.addEventListener("pagehide", silence);
