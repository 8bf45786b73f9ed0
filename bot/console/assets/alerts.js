// What staff hear and see of something new when they look elsewhere: a number in the tab's title, and where they
// allowed it a sound and the browser's notification. Never a name and never a patient's words.

const SOUND = "waymark-sound";
const NOTIFICATION = "waymark-notification";
const WORDS = {
  message: "A patient has written in a chat of yours.",
  handoff: "Something new waits for you.",
};
const TONE = { frequency: 660, seconds: 0.18, volume: 0.15 };

const title = document.title;
let unseen = 0;
let audio = null;

export function startAlerts() {
  document.getElementById("alerts").hidden = false;
  offer("alert-sound", SOUND, async () => {
    await beep();
    return true;
  });
  offer("alert-notification", NOTIFICATION, async () => (await Notification.requestPermission()) === "granted", "Notification" in window);
  addEventListener("visibilitychange", seen);
  addEventListener("focus", seen);
  // A browser lets a page sound only after somebody has touched it.
  addEventListener("pointerdown", wakeAudio);
  addEventListener("keydown", wakeAudio);
  return { hear, quiet };
}

function hear({ alert, handoff }, loud) {
  if (!alert || isLookedAt(handoff)) return;
  if (document.visibilityState === "hidden" || !document.hasFocus()) {
    unseen += 1;
    document.title = `(${unseen}) ${title}`;
  }
  if (!loud) return;
  if (isOn(SOUND)) beep();
  if (isOn(NOTIFICATION) && "Notification" in window && Notification.permission === "granted") notify(alert);
}

function quiet() {
  unseen = 0;
}

function isLookedAt(handoff) {
  return document.visibilityState === "visible" && document.hasFocus() && location.pathname === `/handoffs/${handoff}`;
}

function seen() {
  if (document.visibilityState !== "visible" || !unseen) return;
  unseen = 0;
  document.title = title;
}

function notify(alert) {
  const shown = new Notification("Waymark console", { body: WORDS[alert], tag: `waymark-${alert}` });
  shown.onclick = () => {
    window.focus();
    shown.close();
  };
}

function isOn(name) {
  return localStorage.getItem(name) === "on";
}

function offer(id, name, allow, possible = true) {
  const button = document.getElementById(id);
  button.hidden = !possible;
  const show = () => button.setAttribute("aria-pressed", String(isOn(name)));
  button.addEventListener("click", async () => {
    const on = !isOn(name) && (await allow());
    localStorage.setItem(name, on ? "on" : "off");
    show();
  });
  addEventListener("storage", show); // switched in another tab
  show();
}

function wakeAudio() {
  if (!isOn(SOUND)) return;
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
}

async function beep() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") await Promise.race([audio.resume(), new Promise((done) => setTimeout(done, 200))]);
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  const end = audio.currentTime + TONE.seconds;
  tone.frequency.value = TONE.frequency;
  volume.gain.setValueAtTime(TONE.volume, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, end);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(end);
}
