// Keys: g and a letter goes to a section; ? lists them. What is typed into a field is left alone.
"use strict";
(() => {
  const dialog = document.getElementById("keys");
  let waiting = 0;

  function typing(target) {
    return target.closest("input, textarea, select, [contenteditable]") !== null;
  }

  function show() {
    if (!dialog.open) dialog.showModal();
  }

  function follow(selector) {
    const found = document.querySelector(selector);
    if (found) location.assign(found.href);
  }

  const ACTIONS = {
    "?": show,
    t: () => window.casebackTheme(),
    j: () => follow("a[data-json]"),
    "[": () => follow("a[rel=prev]"),
    "]": () => follow("a[rel=next]"),
    "/": () => { const field = document.querySelector("main input:not([type=hidden]), main textarea, main select"); if (field) field.focus(); },
  };

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (dialog.open) return;
    if (waiting && Date.now() - waiting < 1500) {
      waiting = 0;
      const link = [...document.querySelectorAll(".menu a")].find((each) => each.dataset.key === event.key);
      if (link) { event.preventDefault(); location.assign(link.href); }
      return;
    }
    if (event.key === "g") { waiting = Date.now(); return; }
    if (ACTIONS[event.key]) { event.preventDefault(); ACTIONS[event.key](); }
  });

  // A filter changes the address in place; the twin is that of the address.
  document.addEventListener("htmx:after:swap", () => {
    const link = document.querySelector("a[data-json]");
    if (link) link.href = (location.pathname === "/" ? "/index" : location.pathname) + ".json" + location.search;
  });
  document.getElementById("help").addEventListener("click", show);
  document.getElementById("theme").addEventListener("click", () => window.casebackTheme());
})();
