// A growing log. The address in data-log-src sends server-sent events:
//   message  the next piece of text        reset  forget what was shown
//   end      nothing more will come; its data is a word for the status line
const KEEP = 400_000; // characters kept on the page; the download has all of it

function start(viewer) {
  const text = viewer.querySelector("[data-log-text]");
  const status = viewer.querySelector("[data-log-status]");
  const followButton = viewer.querySelector("[data-log-follow]");
  const wrapButton = viewer.querySelector("[data-log-wrap]");
  const say = (word) => { status.textContent = word; };
  let follow = true;
  let pending = "";
  let seen = false;

  const setFollow = (on) => {
    follow = on;
    followButton.setAttribute("aria-pressed", String(on));
    if (on) text.scrollTop = text.scrollHeight;
  };
  const draw = () => {
    const add = pending;
    pending = "";
    if (!seen) { text.textContent = ""; seen = true; }
    text.append(add);
    text.normalize();
    if (text.textContent.length > KEEP) text.textContent = text.textContent.slice(-KEEP);
    if (follow) text.scrollTop = text.scrollHeight;
  };

  followButton.addEventListener("click", () => setFollow(!follow));
  wrapButton.addEventListener("click", () => {
    const on = text.classList.toggle("log__text--wrap");
    wrapButton.setAttribute("aria-pressed", String(on));
  });
  text.addEventListener("scroll", () => {
    const atEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 40;
    if (atEnd !== follow) setFollow(atEnd);
  });
  setFollow(true);
  if (!viewer.dataset.logSrc) return;

  say(viewer.dataset.wordConnecting);
  const source = new EventSource(viewer.dataset.logSrc);
  source.onopen = () => say(viewer.dataset.wordLive);
  source.onerror = () => say(viewer.dataset.wordLost);
  source.onmessage = (event) => {
    if (!pending) requestAnimationFrame(draw);
    pending += `${event.data}\n`;
  };
  source.addEventListener("reset", () => { pending = ""; text.textContent = ""; seen = true; });
  source.addEventListener("end", (event) => {
    source.close();
    say(event.data || viewer.dataset.wordEnded);
  });
  viewer.logSource = source;
}

function startAll(root) {
  for (const viewer of root.querySelectorAll("[data-log-src]")) {
    if (!viewer.logStarted) { viewer.logStarted = true; start(viewer); }
  }
}

startAll(document);
document.addEventListener("htmx:load", (event) => startAll(event.target));
document.addEventListener("htmx:beforeCleanupElement", (event) => event.target.logSource?.close());
