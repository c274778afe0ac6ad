/* Puts the looks that this browser keeps (page/looks.js) on the page before anything of it is painted, so that no page is dark
   for a moment where a light one was chosen. It is written into the page itself. */
(() => {
  "use strict";
  try {
    const { theme = "dark", palette, type } = JSON.parse(localStorage.getItem("orderflow.looks") || "{}");
    const isLight = theme === "light" || (theme === "auto" && matchMedia("(prefers-color-scheme: light)").matches);
    const { dataset } = document.documentElement;
    dataset.theme = isLight ? "light" : "dark";
    if (typeof palette === "string") dataset.palette = palette;
    if (/^[12]\d\d$/u.test(type)) document.documentElement.style.setProperty("--font-scale", String(type / 100));
  } catch {
    // Nothing can be kept here, or what is kept is not ours: the page is as it is at first.
  }
})();
