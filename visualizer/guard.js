/* Loads the page again where a part of it was lost on the way. Chromium drops what it is loading when a network interface
   gets its address, as some do just after containers were started; and a server may restart between a page and its scripts.
   It is written into the page itself, before everything that can be lost. */
(() => {
  "use strict";
  const TRIES = "orderflow tries";
  const WAITS_MS = [1000, 2000, 4000, 8000, 16_000];
  const FORGOTTEN_AFTER_MS = 60_000;
  const LOOK_EVERY_MS = 250;

  let trying = false;

  function tries() {
    const { count = 0, atMs = 0 } = JSON.parse(sessionStorage.getItem(TRIES) || "{}");
    return Date.now() - atMs < FORGOTTEN_AFTER_MS ? count : 0;
  }

  /* Whether it may be tried once more, and how long after now. Where nothing can be kept, nothing can be counted either. */
  function next() {
    try {
      const count = tries();
      sessionStorage.setItem(TRIES, JSON.stringify({ count: count + 1, atMs: Date.now() }));
      return WAITS_MS[count] ?? null;
    } catch {
      return null;
    }
  }

  async function lost() {
    if (trying) return;
    trying = true;
    for (let waitMs = next(); waitMs !== null; waitMs = next()) {
      tell("Part of this page was lost on the way. It is being loaded again ...");
      await new Promise((resolve) => {
        setTimeout(resolve, waitMs);
      });
      // In place of a page, a browser would show that nobody answers.
      if (await fetch(location.href, { cache: "no-store" }).then(({ ok }) => ok, () => false)) return again();
    }
    const button = document.createElement("button");
    button.textContent = "Load it again";
    button.addEventListener("click", () => {
      sessionStorage.removeItem(TRIES);
      again();
    });
    tell("Part of this page was lost on the way, and loading it again has not helped. ", button);
  }

  /* A page that was opened, and not loaded again, moves the replay to where its address says (address.js): it is still
     being opened. */
  function again() {
    const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
    if (navigation && navigation.type === "navigate") location.replace(location.pathname + location.search);
    else location.reload();
  }

  /** In place of the page: without its style sheets, panels would grow without end and take all the time there is. They may
   * be what was lost, and that before there is a body.
   * @param {...(Node | string)} parts */
  function tell(...parts) {
    const note = document.getElementById("lost") || document.createElement("p");
    note.id = "lost";
    note.setAttribute("role", "alert");
    note.setAttribute("style", "position: fixed; z-index: 99; inset: 0; margin: 0; padding: 2rem; background: #10151d; color: #e0a43a; font: 13px monospace");
    const hidden = document.createElement("style");
    hidden.textContent = "body { display: none }";
    note.replaceChildren(hidden, ...parts);
    document.documentElement.append(note);
  }

  /** @param {EventTarget | null} target */
  const isPart = (target) => target instanceof HTMLScriptElement || target instanceof HTMLLinkElement;
  addEventListener("error", ({ target }) => isPart(target) && lost(), true);
  // What Dash asks for first, and once, is a part as well; where nothing comes of that it says so at best.
  const asked = () =>
    /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType("resource")).filter(({ name }) => name.includes("/_dash-"));
  const looking = setInterval(() => {
    const failed = document.querySelector("._dash-error") || asked().some(({ responseStatus }) => responseStatus === 0);
    if (failed) void lost();
    if (failed || document.getElementById("app")) clearInterval(looking);
  }, LOOK_EVERY_MS);
})();
