// Alerts: the inbox by keyboard. What somebody does shows at once; the server's answer then has the last word.
"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // --- The editor of a rule: a click on a placeholder writes it where the cursor is. --------------
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-placeholder]"), text = one("#message");
    if (!button || !text) return;
    text.setRangeText(`{${button.dataset.placeholder}}`, text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  });

  const inbox = () => one("[data-inbox]");
  if (!inbox()) return;
  const typing = (node) => node.closest?.("input:not([type='checkbox'], [type='radio']), textarea, select");
  const say = (words) => { const region = one("#announcer"); if (region) region.textContent = words; };
  const rows = () => all("[data-rows] [data-row]").filter((row) => !row.hidden);
  const rowOf = (id) => one(`[data-row][data-alert='${id}']`);
  const shownId = () => one("#alert-detail")?.dataset.alert ?? "";
  const narrow = matchMedia("(max-width: 60rem)");
  const BECOMES = { acknowledge: "acknowledged", snooze: "snoozed", wake: "new", close: "closed", reopen: "new" };
  const SAID = { acknowledged: "Acknowledged", snoozed: "Snoozed", new: "New", closed: "Closed" };

  // --- Which alert is meant: the row in focus, else the one that is open. ------------------------
  const current = () => document.activeElement.closest("[data-row]") ?? one("[data-row].is-on") ?? rowOf(shownId());
  const mark = (row) => {
    all("[data-row].is-on").forEach((other) => other.classList.toggle("is-on", other === row));
    row?.classList.add("is-on");
  };
  const shows = (id) => all("[data-row]").forEach((row) => (row.dataset.alert === id ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current")));
  // Draws the row's alert in the pane; false when somebody wants another one by the time it is there.
  let wanted = "";
  const loading = new Map();
  const show = (row) => {
    const id = row?.dataset.alert ?? "";
    wanted = id;
    if (!id || shownId() === id) return Promise.resolve(true);
    if (!loading.has(id)) loading.set(id, load(row, id).finally(() => loading.delete(id)));
    return loading.get(id);
  };
  const load = async (row, id) => {
    const answer = await fetch(one("a.alert-link", row).getAttribute("href"), { headers: { "HX-Request": "true", "HX-Target": "alert-detail" } });
    if (answer.redirected || !answer.ok) { location.reload(); return false; }
    const text = await answer.text();
    if (wanted !== id) return false;
    one("#alert-detail").outerHTML = text;
    htmx.process(one("#alert-detail"));
    shows(id);
    return true;
  };
  const focus = (row) => {
    if (!row) return;
    mark(row);
    one("a.alert-link", row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };

  // Beside each other, the pane follows the focus a moment later.
  let follows = 0;
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("[data-row]");
    if (!row) return;
    mark(row);
    clearTimeout(follows);
    if (!narrow.matches) follows = setTimeout(() => { if (row.isConnected && !row.hidden) show(row); }, 140);
  });
  document.addEventListener("htmx:afterSettle", () => shows(shownId()));
  document.addEventListener("htmx:configRequest", (event) => { if (event.target.matches?.("a.alert-link")) inbox().classList.add("is-open"); });

  // --- Keys. ------------------------------------------------------------------------------------
  const open = async (name) => {
    const row = current();
    if (row && !(await show(row))) return;
    if (narrow.matches) inbox().classList.add("is-open");
    const act = one(`#alert-detail details[data-act='${name}']`);
    if (!act) { say("That cannot be done with this alert now."); return; }
    act.open = true;
    (["note", "task", "mute", "assign"].includes(name) ? one("select, textarea, input:not([type='hidden'])", act) : one("[data-digit]", act)).focus();
  };
  const press = async (name) => {
    const row = current();
    if (row && !(await show(row))) return;
    one(`#alert-detail button[data-act='${name}']`)?.click();
  };
  const evidence = async () => {
    const row = current();
    if (row && !(await show(row))) return;
    const link = one("#alert-detail [data-evidence]");
    link ? link.click() : say("This alert has no evidence to open.");
  };
  const keys = { a: () => open("assign"), s: () => open("snooze"), c: () => open("close"), n: () => open("note"), t: () => open("task"), m: () => open("mute"), o: evidence, y: () => press("acknowledge"), r: () => press("reopen") };
  let going = 0, pending = false;
  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || one("dialog:modal")) return;
    const act = one("#alert-detail details.act[open]");
    if (event.key === "Escape" && act) { act.open = false; focus(rowOf(shownId())); return; }
    if (typing(event.target)) return;
    if (event.key === "g") { going = Date.now(); return; }
    if (going && Date.now() - going < 1200) { going = 0; return; }
    going = 0;
    const choice = act && one(`[data-digit='${event.key}']`, act);
    if (choice) { event.preventDefault(); choice.click(); return; }
    // What is typed while the pane is still on its way is for what opens then: letters wait, Tab and Enter are not for here.
    if (pending) { event.preventDefault(); return; }
    if (!keys[event.key]) return;
    event.preventDefault();
    pending = true;
    typedAhead.until(keys[event.key]().finally(() => { pending = false; }));
  });

  // --- Acting: the list moves on at once. ---------------------------------------------------------
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-alert-act]")) return;
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form, event.submitter));
    act(form.dataset.alertAct, form.getAttribute("action"), given); // form.action is its field of that name
    form.closest(".toast")?.remove();
  });
  const act = (id, address, given) => {
    const row = rowOf(id), state = BECOMES[given.action], keeps = inbox().dataset.keeps.split(" ").filter(Boolean);
    const leaves = row && state && keeps.length && !keeps.includes(state);
    one("#alert-detail details.act[open]")?.removeAttribute("open");
    if (leaves) {
      const list = rows(), at = list.indexOf(row), next = list[at + 1] ?? list[at - 1];
      row.hidden = true;
      if (next) { focus(next); if (!narrow.matches) show(next); } else given.pane = "1";
      if (narrow.matches) inbox().classList.remove("is-open");
    } else {
      const badge = row && one("[data-state] .badge", row);
      if (badge && state) badge.lastChild.textContent = SAID[state];
      if (shownId() === id) given.pane = "1";
      focus(row);
    }
    // Each row asks for itself: of one element htmx keeps only the request that was asked for last.
    htmx.ajax("POST", address, { source: row ?? one("#alert-detail"), swap: "none", values: given });
  };
  const restore = () => all("[data-row][hidden]").forEach((row) => { row.hidden = false; });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.requestConfig?.verb !== "post") return;
    if (!event.detail.successful) { restore(); say("That did not work and nothing was changed. Reload the page to try again."); return; }
    const kept = one("[data-row].is-on");
    // Drawn again, a row forgets that it was in focus.
    setTimeout(() => {
      if (document.activeElement === document.body) focus(kept?.isConnected ? kept : rowOf(shownId()) ?? rows()[0]);
      if (!rows().length && one("#alert-list .alert-rows")) location.assign(location.pathname + withoutAlert());
    }, 30);
  });
  const withoutAlert = () => {
    const query = new URLSearchParams(location.search);
    query.delete("alert");
    query.delete("page");
    return query.size ? `?${query}` : "";
  };
})();
