// Keeps "3 minutes ago" true while a page stays open. The server wrote the first text; the steps are the same.
const words = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "always" });

function text(seconds) {
  const away = Math.abs(seconds);
  if (away < 45) return null;
  if (away < 3570) return words.format(Math.sign(seconds) * Math.max(1, Math.round(away / 60)), "minute");
  if (away < 84600) return words.format(Math.sign(seconds) * Math.max(1, Math.round(away / 3600)), "hour");
  if (away < 30 * 86400) return words.format(Math.sign(seconds) * Math.max(1, Math.round(away / 86400)), "day");
  return null;
}

function tick() {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const next = text(Math.round((Date.parse(time.dateTime) - Date.now()) / 1000));
    if (next && next !== time.textContent) time.textContent = next;
  }
}

setInterval(() => { if (!document.hidden) tick(); }, 30000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
