// What a plain page cannot do by itself. Everything else works without this file.
// Hooks: data-session, data-copy, data-remask, data-hide, data-close, data-focus, data-opens, data-key, data-rules/data-rule, data-chips.
"use strict";

document.documentElement.classList.add("js");

const byId = (id) => document.getElementById(id);
const words = document.body.dataset;
const main = byId("main");
const toasts = byId("toasts");
const dialogContent = byId("dialog");
const dialog = dialogContent.parentElement;

// The server shows times in the zone that this cookie names.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const [prefix, secure] = location.protocol === "https:" ? ["__Host-", "; secure"] : ["", ""];
if (zone && !document.cookie.includes(`${prefix}time_zone=${zone}`)) {
  document.cookie = `${prefix}time_zone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
}

// Notes in the corner. Errors stay until they are dismissed.

function note(text, isError) {
  const toast = document.createElement("div");
  toast.className = isError ? "toast error" : "toast success";
  toast.setAttribute("role", isError ? "alert" : "status");
  toast.textContent = text;
  toasts.append(toast);
}

function tidyToasts() {
  for (const toast of toasts.querySelectorAll(".toast:not([data-timed])")) {
    toast.dataset.timed = "";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet icon-only";
    button.textContent = "×";
    button.setAttribute("aria-label", words.dismiss);
    button.addEventListener("click", () => toast.remove());
    toast.append(button);
    if (!toast.classList.contains("error")) setTimeout(() => toast.remove(), 6000);
  }
}
new MutationObserver(tidyToasts).observe(toasts, { childList: true });
tidyToasts();

// Dialogs: what arrives in #dialog is shown, and nothing of it stays once it is closed.
// The notes go along, because everything outside an open dialog is out of reach.

let opener = null;

function openDialog() {
  if (!dialog.open) dialog.showModal();
  dialog.append(toasts);
}

function shutDialog() {
  dialogContent.replaceChildren();
  main.prepend(toasts);
  if (dialog.open) dialog.close();
  if (opener?.isConnected) opener.focus();
  opener = null;
}
// It may be open again by the time that this is told.
dialog.addEventListener("close", () => dialog.open || shutDialog());

// What htmx swaps in

document.body.addEventListener("htmx:beforeRequest", () => {
  if (!dialog.open) opener = document.activeElement;
});

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  // An answer from another address is a page, such as the sign-in, and no part of this one.
  const asked = new URL(requestConfig.path, location.href).pathname;
  if (xhr.responseURL && new URL(xhr.responseURL).pathname !== asked) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  for (const shown of document.querySelectorAll("[data-remask]")) {
    if (event.detail.target.querySelector("[data-remask]") && !event.detail.target.contains(shown)) hide(shown);
  }
  if (event.detail.target === dialogContent) openDialog();
  if (event.detail.target.dataset.go === "") jumpOnceFound();
  prepare(document);
});

document.body.addEventListener("htmx:afterSettle", (event) => {
  const part = event.target;
  const first = part.querySelector?.("[aria-invalid=true]:not([type=hidden]), .notice.bad, [data-focus]");
  if (first) first.focus();
  else if (document.activeElement === document.body) part.focus?.({ preventScroll: true });
});

document.body.addEventListener("htmx:sendError", () => note(words.offline, true));

// Values: off the page after a while, on leaving, and whenever nobody is looking.

function hide(shown) {
  const slot = shown.closest(".slot");
  if (dialog.contains(shown)) {
    shutDialog();
  } else if (slot) {
    const hadFocus = slot.contains(document.activeElement);
    slot.replaceChildren();
    if (hadFocus) slot.nextElementSibling.querySelector("button").focus();
  } else {
    shown.replaceChildren();
    location.replace(document.querySelector(".crumbs a:last-child").href);
  }
}

function mask() {
  for (const shown of document.querySelectorAll("[data-remask]")) hide(shown);
}

document.addEventListener("visibilitychange", () => document.hidden && mask());
window.addEventListener("pagehide", mask);
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

// Copying: the value goes from the answer to the clipboard and is never put on the page.

async function fetchValue(url, reason) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": token, "HX-Request": "true" },
    body: new URLSearchParams({ purpose: "copy", reason }),
    cache: "no-store",
    redirect: "manual",
  });
  const redirect = answer.headers.get("HX-Redirect");
  if (redirect || answer.type === "opaqueredirect") {
    location.assign(redirect ?? location.href);
    throw new Error("");
  }
  const text = await answer.text();
  if (answer.ok) return text;
  const toast = new DOMParser().parseFromString(text, "text/html").querySelector(".toast");
  throw new Error((toast ?? { textContent: text }).textContent.trim());
}

async function copy(button) {
  if (!navigator.clipboard?.write) return note(words.copyFailed, true);
  button.disabled = true;
  let refusal = words.copyFailed;
  const value = fetchValue(button.dataset.copy, button.form?.elements.reason?.value ?? "").catch((error) => {
    refusal = error instanceof TypeError ? words.offline : error.message;
    throw error;
  });
  // Safari lets a click reach the clipboard only through a promise that is handed over at once.
  const text = value.then((found) => new Blob([found], { type: "text/plain" }));
  try {
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": text })]);
    note(words.copied, false);
  } catch {
    await text.catch(() => {});
    if (refusal) note(refusal, true);
  } finally {
    button.disabled = false;
    button.focus();
  }
}

// The session: a warning two minutes before it ends, with a button that renews it. What is typed stays.
// Before it warns the page asks, for another tab may have renewed it; asking renews nothing.

const WARN_BEFORE = 120;
let ending = 0;
let lookAt = 0;
let endsAt = 0;
let warning = null;

async function askSession(options) {
  const answer = await fetch(words.session + (options ? "" : "?auto"), { cache: "no-store", redirect: "manual", ...options });
  return answer.ok ? answer.json() : { ends_in: 0 };
}

function stay() {
  const body = new URLSearchParams({ csrfmiddlewaretoken: document.querySelector("[name=csrfmiddlewaretoken]").value });
  askSession({ method: "POST", body }).then(follow, () => note(words.offline, true));
}

function warn(state) {
  warning?.remove();
  warning = document.createElement("div");
  warning.className = "toast error session";
  warning.setAttribute("role", "alert");
  warning.dataset.timed = "";
  const title = document.createElement("strong");
  title.textContent = words.ending;
  warning.append(title, " ", state.words, " ");
  if (state.can_stay) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "primary small";
    button.textContent = words.stay;
    button.addEventListener("click", stay);
    warning.append(button);
  }
  toasts.append(warning);
}

function follow(state) {
  clearTimeout(ending);
  endsAt = Date.now() + state.ends_in * 1000;
  if (state.ends_in <= 0) return leave();
  if (state.ends_in > WARN_BEFORE + 1) {
    warning?.remove();
    warning = null;
    lookIn(state.ends_in - WARN_BEFORE);
  } else {
    warn(state);
    lookIn(state.ends_in + 1);
  }
}

function lookIn(seconds) {
  lookAt = Date.now() + seconds * 1000;
  ending = setTimeout(look, seconds * 1000);
}

function look() {
  askSession().then(follow, () => (Date.now() > endsAt ? leave() : lookIn(5)));
}

function leave() {
  mask();
  main.replaceChildren();
  location.reload();
}

if (words.session) follow({ ends_in: Number(words.sessionEnds), can_stay: true, words: "" });
// A machine that slept may have slept past its end.
document.addEventListener("visibilitychange", () => words.session && !document.hidden && Date.now() > lookAt && look());

// What is being composed, as Japanese is, is no search before it is done.

const isSearch = (event) => event.target.type === "search";

document.addEventListener("input", (event) => event.isComposing && isSearch(event) && event.stopPropagation(), true);
document.addEventListener("compositionend", (event) => isSearch(event) && event.target.dispatchEvent(new Event("input", { bubbles: true })));

// Rules of a name, ticked as it is typed

function checkRules(input) {
  for (const rule of byId(input.dataset.rules).querySelectorAll("[data-rule]")) {
    const holds = new RegExp(rule.dataset.rule).test(input.value);
    rule.classList.toggle("kept", input.value !== "" && holds);
    rule.classList.toggle("broken", input.value !== "" && !holds);
  }
}

// Ids as chips: the field itself, now hidden, still holds the plain text that is sent.

function makeChips(input) {
  const box = document.createElement("div");
  const entry = document.createElement("input");
  box.className = "chips";
  for (const name of ["id", "aria-describedby", "aria-invalid"]) {
    if (input.hasAttribute(name)) entry.setAttribute(name, input.getAttribute(name));
    input.removeAttribute(name);
  }
  input.type = "hidden";
  let ids = [];

  const separated = /[\s,、]+/;
  const keep = () => {
    input.value = [...ids, entry.value].filter(Boolean).join(", ");
  };
  const draw = () => {
    box.replaceChildren(...ids.map(makeChip), entry);
    keep();
  };
  const makeChip = (id) => {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = "chip mono";
    chip.textContent = `${id} ×`;
    chip.setAttribute("aria-label", `${input.dataset.remove} ${id}`);
    chip.addEventListener("click", () => {
      ids = ids.filter((other) => other !== id);
      draw();
      entry.focus();
    });
    return chip;
  };
  const take = () => {
    ids = [...new Set([...ids, ...entry.value.split(separated).filter(Boolean)])];
    entry.value = "";
    draw();
  };
  entry.addEventListener("input", () => {
    if (!separated.test(entry.value)) return keep();
    take();
    entry.focus();
  });
  entry.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && entry.value) {
      event.preventDefault();
      take();
      entry.focus();
    } else if (event.key === "Backspace" && !entry.value && ids.length) {
      ids.pop();
      draw();
      entry.focus();
    }
  });
  input.after(box);
  entry.value = input.value;
  take();
}

// Menus: one at a time, upwards where there is no room below, closed by leaving them.

const openMenus = () => document.querySelectorAll("details.menu[open]");

function place(menu) {
  menu.classList.remove("up");
  const list = menu.lastElementChild.getBoundingClientRect();
  const roomAbove = menu.getBoundingClientRect().top - byId("main").getBoundingClientRect().top;
  menu.classList.toggle("up", list.bottom > innerHeight && list.height < roomAbove);
}

// The list has gone on since the page came: what it shows now stands in the form that would save it.
function markSavedView(menu) {
  const shown = document.querySelector('input[name="query"][form="view-save"]')?.value;
  for (const link of menu.querySelectorAll("li a")) {
    if (link.search === `?${shown}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches("details.menu[open]")) return;
  if (menu.matches(".saved-views")) markSavedView(menu);
  place(menu);
}, true);

document.addEventListener("focusout", (event) => {
  for (const menu of openMenus()) {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Keys: Ctrl-K or Cmd-K jumps; in the list of places the arrows choose and Enter goes to the first one.

if (/Mac|iPhone|iPad/.test(navigator.platform)) {
  for (const key of document.querySelectorAll("[data-key] kbd")) key.textContent = "⌘ K";
}

document.addEventListener("keydown", (event) => {
  const opener = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && document.querySelector(`[data-key="${event.key.toLowerCase()}"]`);
  if (!opener || event.isComposing) return;
  event.preventDefault();
  if (byId("jump-q") || !dialog.open) opener.click();
});

// The palette is there at once, so that no letter is lost; what can be chosen follows.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-opens]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (byId("jump-q")) return byId("jump-q").select();
  opener = document.activeElement;
  dialogContent.replaceChildren(byId(link.dataset.opens).content.cloneNode(true));
  htmx.process(dialogContent);
  openDialog();
});

// Enter was pressed before this answer came; it may be one to fewer letters.
function jumpOnceFound() {
  const list = byId("jump-results");
  if (list?.dataset.q === byId("jump-q")?.value) list.querySelector("a")?.click();
  else list.dataset.go = "";
}

document.addEventListener("keydown", (event) => {
  const list = byId("jump-results");
  if (!list || event.isComposing || !event.target.closest(".jump")) return;
  // With 229 Safari tells of the Enter that ends a composition.
  if (event.keyCode === 229) return;
  const stops = [byId("jump-q"), ...list.querySelectorAll("a")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    stops[(stops.indexOf(event.target) + step + stops.length) % stops.length].focus();
  } else if (event.key === "Enter" && event.target === stops[0]) {
    event.preventDefault();
    // What is typed may be newer than what is listed.
    if (list.dataset.q === stops[0].value) stops[1]?.click();
    else list.dataset.go = "";
  } else if (event.key === "Escape" && dialog.open) {
    // A search field would take the first Escape for itself, to be emptied.
    event.preventDefault();
    shutDialog();
  } else if (event.key.length === 1 && event.target !== stops[0] && !event.ctrlKey && !event.metaKey) {
    stops[0].focus();
  }
});

document.addEventListener("input", (event) => event.target.id === "jump-q" && delete byId("jump-results").dataset.go);

// Wiring

function prepare(root) {
  for (const input of root.querySelectorAll("[data-chips]:not([type=hidden])")) makeChips(input);
  for (const input of root.querySelectorAll("[data-rules]")) checkRules(input);
  for (const shown of root.querySelectorAll("[data-remask]:not([data-counting])")) {
    shown.dataset.counting = "";
    setTimeout(() => shown.isConnected && hide(shown), Number(shown.dataset.remask) * 1000);
  }
}
prepare(document);

document.addEventListener("input", (event) => {
  if (event.target.dataset.rules) checkRules(event.target);
});

document.addEventListener("click", (event) => {
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
  if (event.target.closest("dialog [data-close]")) {
    event.preventDefault();
    shutDialog();
  }
  const hider = event.target.closest("[data-hide]");
  if (hider && hider.closest("dialog, .slot")) {
    event.preventDefault();
    mask();
  }
  for (const menu of openMenus()) {
    const chosen = menu.contains(event.target) && event.target.closest("a, button");
    // What the menu opens gives the focus back to where it came from: the button, for the menu is gone.
    if (chosen) menu.querySelector("summary").focus();
    if (chosen || !menu.contains(event.target)) menu.open = false;
  }
});
