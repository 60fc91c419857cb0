// The little the pages need beyond htmx: keys, palette, drawer, copying, menus, times that age.
"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const typing = (node) => node.closest?.("input, textarea, select, [contenteditable]");

  // --- Palette: Ctrl/Cmd-K or "/" anywhere. ---------------------------------------------------
  const palette = one("#palette");
  const openPalette = () => {
    if (!palette || palette.open) return;
    palette.showModal();
    const input = one("input", palette);
    input.value = "";
    input.focus();
    input.dispatchEvent(new Event("palette"));
  };
  const movePalette = (step) => {
    const links = all(".found a", palette);
    if (!links.length) return;
    const at = links.findIndex((link) => link.classList.contains("is-on"));
    const next = (at + step + links.length) % links.length;
    links.forEach((link, index) => mark(link, index === next));
    links[next].scrollIntoView({ block: "nearest" });
    one("input", palette).setAttribute("aria-activedescendant", links[next].id);
  };
  const mark = (link, on) => {
    link.classList.toggle("is-on", on);
    link.setAttribute("aria-selected", String(on));
  };
  palette?.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      movePalette(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      palette.close();
    } else if (event.key === "Enter") {
      event.preventDefault();
      (one(".found a.is-on", palette) ?? one(".found a", palette))?.click();
    }
  });

  // --- Rows: j and k move, Enter opens. -------------------------------------------------------
  const rows = () => all("[data-rows] [data-row]");
  const moveRow = (step) => {
    const list = rows();
    if (!list.length) return;
    const at = list.findIndex((row) => row.classList.contains("is-on"));
    const next = list[Math.min(list.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : list.length - 1) : at + step))];
    list.forEach((row) => row.classList.toggle("is-on", row === next));
    const link = one("a", next);
    link?.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };

  // --- The keyboard grammar. ------------------------------------------------------------------
  const GO = { a: "accounts", y: "sync", s: "settings" };
  let going = 0;
  const keys = {
    "/": () => { const box = one("[data-filter]"); box ? (box.focus(), box.select()) : openPalette(); },
    "?": () => one("#help")?.showModal(),
    j: () => moveRow(1),
    k: () => moveRow(-1),
    "[": () => one("[data-key='previous']")?.click(),
    "]": () => one("[data-key='next']")?.click(),
    g: () => { going = Date.now(); },
  };
  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
      return;
    }
    if (event.metaKey || event.ctrlKey || event.altKey || one("dialog:modal")) return;
    if (event.key === "Escape") { closeMenus(); if (typing(event.target)) event.target.blur(); return; }
    if (typing(event.target)) return;
    if (going && Date.now() - going < 1200 && GO[event.key]) {
      going = 0;
      one(`.rail [data-go='${GO[event.key]}']`)?.click();
      return;
    }
    going = 0;
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });

  // --- Clicks: copy, dialogs, menus, whole rows. ----------------------------------------------
  const closeMenus = (except) => all("details.menu[open]").forEach((menu) => { if (menu !== except) menu.open = false; });
  const copy = async (button) => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("copied");
    say(`Copied ${button.dataset.copy}`);
    setTimeout(() => button.classList.remove("copied"), 1500);
  };
  const say = (words) => { const region = one("#announcer"); if (region) region.textContent = words; };
  document.addEventListener("click", (event) => {
    const target = event.target;
    closeMenus(target.closest("details.menu"));
    const button = target.closest("[data-copy]");
    if (button) { copy(button); return; }
    const opener = target.closest("[data-open]");
    if (opener) { event.preventDefault(); opener.dataset.open === "palette" ? openPalette() : one(`#${opener.dataset.open}`)?.showModal(); return; }
    const closer = target.closest("[data-close]");
    if (closer) { closer.closest("dialog, .toast")?.[closer.closest("dialog") ? "close" : "remove"](); return; }
    if (target.matches("dialog")) { target.close(); return; }
    const row = target.closest("[data-row]");
    if (row && !target.closest("a, button, summary, input, [data-tip]") && !getSelection().toString()) one("a", row)?.click();
  });
  document.addEventListener("change", (event) => { if (event.target.matches("[data-submit]")) event.target.form.requestSubmit(); });

  // --- A form that takes its time says so, and is sent once. ----------------------------------
  document.addEventListener("submit", (event) => {
    const button = event.target.querySelector("button[data-busy]");
    if (!button || event.defaultPrevented) return;
    button.dataset.words = button.textContent;
    button.textContent = button.dataset.busy;
    setTimeout(() => { button.disabled = true; });
    say(button.dataset.busy);
  });
  addEventListener("pageshow", () => all("button[data-words]").forEach((button) => {
    button.disabled = false;
    button.textContent = button.dataset.words;
  }));

  // --- Good news goes away by itself, unless somebody is looking at it. ------------------------
  all(".toast").forEach((toast) => {
    let left = setTimeout(() => toast.remove(), 9000);
    for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(left));
    toast.addEventListener("pointerleave", () => { left = setTimeout(() => toast.remove(), 3000); });
  });

  // --- A session that ended while the page stayed open: the door as a page, not inside a table. --
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (new URL(event.detail.xhr.responseURL || location.href).pathname === "/login/") {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });

  // --- Details slide in from the side; the address they came from works on its own too. --------
  document.addEventListener("htmx:afterSwap", (event) => {
    const drawer = event.target.closest?.("dialog.drawer");
    if (drawer && !drawer.open) drawer.showModal();
    age();
  });
  // Not before htmx has settled: until then it puts back the attributes of links it knew.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.closest?.("#palette")) all(".found a", palette).forEach((link, index) => mark(link, index === 0));
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401 || event.detail.xhr.status === 403) location.reload();
    else say("That did not work: the server answered with an error. Reload the page to try again.");
  });

  // --- The tab one is on may lie outside a narrow screen. --------------------------------------
  const tab = one(".tabs [aria-current]");
  if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2;

  // --- Times grow older while the page stays open. --------------------------------------------
  const started = Date.now();
  const serverStart = Date.parse(document.body?.dataset.now ?? "") || started;
  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"]];
  const words = (seconds) => {
    for (const [size, unit] of UNITS) if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
    return "just now";
  };
  const age = () => all("time[data-ages]").forEach((node) => {
    const gone = (serverStart + (Date.now() - started) - Date.parse(node.dateTime)) / 1000;
    if (gone >= 0 && gone < 30 * 86400) node.textContent = words(gone);
  });
  setInterval(age, 30000);
})();
