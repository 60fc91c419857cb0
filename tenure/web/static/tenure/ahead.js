// Keys typed ahead: what somebody types while a page or a pane is still on its way waits for it, in order.
"use strict";
(() => {
  const field = (node) => node?.closest?.("input:not([type='checkbox'], [type='radio']), textarea, select");
  const held = [];
  let waits = 0;
  const hold = (event) => {
    // Its own keys come by again when they are sent on; Tab, Enter and the like act at once or not at all.
    if (!waits || !event.isTrusted || event.key.length !== 1) return;
    if (event.key === " " && !held.length) return; // it scrolls, unless it is among what is typed
    // In a field it is written at once, unless something typed before it has still to be.
    if (event.metaKey || event.ctrlKey || event.altKey || (!held.length && field(event.target))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    held.push(event.key);
  };
  addEventListener("keydown", hold, true);
  const send = (key) => {
    const at = document.activeElement ?? document.body;
    const passes = at.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    // A key that a script sends writes nothing by itself.
    if (!passes || !field(at) || at.selectionStart == null) return;
    at.setRangeText(key, at.selectionStart, at.selectionEnd, "end");
    at.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const turn = () => new Promise((done) => { setTimeout(done); });
  // Holds keys until the promise is settled. One sent on may begin to wait itself: the rest waits with it.
  const until = async (promise) => {
    waits += 1;
    await promise.catch(() => {});
    while (waits === 1 && held.length) { send(held.shift()); await turn(); }
    waits -= 1;
  };
  window.typedAhead = { until };
  // The page is there when its scripts are, and what they do at the same moment is done.
  until(new Promise((done) => { document.addEventListener("DOMContentLoaded", done, { once: true }); }).then(turn));
})();
