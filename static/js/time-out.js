// Warns before a sign-in ends for want of use, hides the page once it has, and lets its owner go on with what was typed
// after signing in again in another window. The server alone decides: this asks it (/session), which is no use of it.
"use strict";
(() => {
  const WARNING = 120, FRESH = 60, AGAIN = 15;
  const TITLES = {
    warn: "You will soon be signed out", last: "Your sign-in ends soon",
    over: "You have been signed out", other: "Somebody else is signed in",
  };
  const channel = new BroadcastChannel("strata-signed-in-again");
  if (document.querySelector("[data-signed-in-again]")) {
    channel.postMessage("again");
    window.close();
  }
  const dialog = document.getElementById("time-out");
  if (!dialog) return;
  const now = () => Date.now() / 1000;
  let ends = now() + Number(dialog.dataset.seconds), asked = now(), timer = 0, dismissed = false;
  const title = document.title;

  function show(state) {
    if (dialog.dataset.state === state && dialog.open) return;
    dialog.dataset.state = state;
    document.getElementById("time-out-title").textContent = TITLES[state];
    document.title = state === "over" || state === "other" ? TITLES[state] : title;
    if (dialog.open) dialog.close();
    dialog.showModal();
  }

  function hide() {
    delete dialog.dataset.state;
    document.title = title;
    if (dialog.open) dialog.close();
  }

  function words(seconds) {
    const minutes = Math.floor(seconds / 60), rest = Math.floor(seconds % 60);
    const counted = (many, what) => many ? `${many} ${what}${many === 1 ? "" : "s"}` : "";
    return [counted(minutes, "minute"), counted(rest, "second")].filter(Boolean).join(" ") || "No time";
  }

  function tick() {
    clearTimeout(timer);
    const left = ends - now();
    for (const node of dialog.querySelectorAll("[data-left]")) node.textContent = words(Math.max(0, left));
    // Asked again at each end, for another window may have been used meanwhile.
    if (left <= 0 || (left <= WARNING && !dialog.dataset.state)) { timer = setTimeout(ask, 0); return; }
    timer = setTimeout(tick, 1000 * (left > WARNING ? left - WARNING : 1));
  }

  function renew(token) {
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
    for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = token;
  }

  // True: still signed in as the same; false: not; undefined: no answer.
  async function ask(method = "GET") {
    clearTimeout(timer);
    const token = document.querySelector("input[name=csrf_token]").value;
    let said;
    try {
      const reply = await fetch("/session", { method, headers: method === "GET" ? {} : { "X-CSRFToken": token } });
      if (reply.status === 400 && method !== "GET") return ask();
      if (!reply.ok) throw new Error(String(reply.status));
      said = await reply.json();
    } catch {
      timer = setTimeout(ask, 1000 * AGAIN);
      return undefined;
    }
    asked = now();
    if (said.seconds <= 0) { show("over"); return false; }
    if (String(said.who) !== dialog.dataset.who) { show("other"); return false; }
    renew(said.token);
    ends = now() + said.seconds;
    if (said.seconds > WARNING) { hide(); dismissed = false; }
    else if (said.can_stay) show("warn");
    else if (!dismissed) show("last");
    tick();
    return true;
  }

  const dirty = (form) => [...form.elements].some((field) =>
    field.matches("textarea, input:not([type=hidden]):not([type=password])") && field.value !== field.defaultValue);

  // A sign-in can end elsewhere too: before anything typed is sent, make sure that it will be taken.
  let sure = null;
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (sure === form || form.method !== "post" || !dirty(form)) { sure = null; return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (await ask() === false) return;
    sure = form;
    form.requestSubmit(event.submitter);
  }, true);

  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.querySelector("[data-stay]").addEventListener("click", () => ask("POST"));
  dialog.querySelector("[data-close]").addEventListener("click", () => { dismissed = true; dialog.close(); });
  for (const link of dialog.querySelectorAll("[data-again]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      window.open(link.href, "_blank");
    });
  }
  channel.addEventListener("message", () => ask());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && (now() - asked > FRESH || dialog.dataset.state === "over")) ask();
  });
  tick();
})();
