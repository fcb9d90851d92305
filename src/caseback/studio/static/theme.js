// Light or dark as a person chose, set before the page is drawn. Without a choice the system decides.
"use strict";
(() => {
  const root = document.documentElement;
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* storage may be off, as for files */ }
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  // Framed documents are pages of their own: they are told by their address.
  function tellFrames() {
    if (!root.dataset.theme || location.protocol === "file:") return;
    for (const frame of document.querySelectorAll("iframe")) {
      const address = new URL(frame.src);
      if (address.searchParams.get("theme") === root.dataset.theme) continue;
      address.searchParams.set("theme", root.dataset.theme);
      frame.src = address.href;
    }
  }
  addEventListener("DOMContentLoaded", tellFrames);

  window.casebackTheme = function turn() {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* then it lasts for this page */ }
    tellFrames();
    dispatchEvent(new Event("caseback:theme"));
  };
})();
