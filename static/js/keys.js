// Keyboard help on top of real links and buttons. data-key="f" is pressed by f; j and k walk the [data-row] elements.
// data-first="reason" sends the key to that field for as long as it is empty; Escape leaves a field.
"use strict";
(() => {
  const typing = (node) => node.isContentEditable || node.matches("input:not([type=checkbox]):not([type=radio]), textarea, select");

  function press(key) {
    const node = document.querySelector(`[data-key="${CSS.escape(key)}"]:not([disabled])`);
    if (!node) return false;
    const first = document.getElementById(node.dataset.first || "");
    if (first && !first.value.trim()) first.focus();
    else if (typing(node)) node.focus();
    else node.click();
    return true;
  }

  function walk(step) {
    const rows = [...document.querySelectorAll("[data-row]")];
    if (!rows.length) return false;
    const here = rows.indexOf(document.activeElement.closest("[data-row]"));
    const next = rows[Math.min(Math.max(here + step, 0), rows.length - 1)];
    const link = next.matches("a, button") ? next : next.querySelector("a, button") || next;
    link.focus();
    link.scrollIntoView({ block: "nearest" });
    return true;
  }

  function focusNews(root) {
    const news = root.querySelector("[data-focus]");
    if (news) news.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const done = event.key === "j" ? walk(1) : event.key === "k" ? walk(-1) : press(event.key);
    if (done) event.preventDefault();
  });
  // A table that was scrolled sideways stays so when the page around it is renewed.
  const scrolled = new Map();
  document.addEventListener("htmx:beforeSwap", () => {
    for (const node of document.querySelectorAll(".scroll[id]")) scrolled.set(node.id, node.scrollLeft);
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const [id, left] of scrolled) {
      const node = document.getElementById(id);
      if (node && left) node.scrollLeft = left;
    }
    scrolled.clear();
  });
  document.addEventListener("htmx:afterSwap", (event) => focusNews(event.target));
  // Offline or timed out: htmx has no reply to show, so say it.
  document.addEventListener("htmx:sendError", () => {
    const place = document.getElementById("notices");
    const words = document.createElement("p");
    words.className = "note bad";
    words.textContent = "No answer. Check your connection, then try again.";
    if (place) place.replaceChildren(words);
  });
  focusNews(document);
})();
