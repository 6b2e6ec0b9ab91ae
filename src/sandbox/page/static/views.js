// The state of views (modals and the app's home): what a person filled in, kept while the
// app redraws the view around it, and told to the server as it is typed.

import { post } from "./api.js";
import { act } from "./sync.js";
import { store } from "./store.js";
import { fromState, initialValue, valueElements } from "./values.js";

const REST = 200; // ms without a key before a value is sent.

/** One open view. */
export class ViewSession {
  #values = new Map(); // block_id → Map(action_id → value)
  #waiting = new Map(); // "block action" → { timer, send }

  constructor(view) {
    this.update(view);
  }

  /** Takes a new version of the view; values whose block and action remain are kept. */
  update(view) {
    this.view = view;
    const fresh = new Map();
    for (const block of view.blocks ?? []) {
      for (const element of valueElements(block)) {
        const old = this.#values.get(block.block_id);
        const stored = view.state?.values?.[block.block_id]?.[element.action_id];
        const value = old?.has(element.action_id)
          ? old.get(element.action_id)
          : stored !== undefined ? fromState(stored) : initialValue(element);
        if (!fresh.has(block.block_id)) fresh.set(block.block_id, new Map());
        fresh.get(block.block_id).set(element.action_id, value ?? null);
      }
    }
    this.#values = fresh;
  }

  /** The context in which the view's elements are drawn. */
  context() {
    return {
      value: (block, element) => this.get(block.block_id, element.action_id) ?? null,
      record: (block, element, value) => this.#record(block.block_id, element.action_id, value),
      act: async (block, element, value) => {
        await this.flush();
        await act({ type: "view", view_id: this.view.id }, block, element, value);
      },
    };
  }

  get(block, action) {
    return this.#values.get(block)?.get(action);
  }

  #record(block, action, value) {
    if (!this.#values.has(block)) this.#values.set(block, new Map());
    this.#values.get(block).set(action, value);
    const key = `${block} ${action}`;
    clearTimeout(this.#waiting.get(key)?.timer);
    const send = () => {
      this.#waiting.delete(key);
      return post("view_state", { as: store.me, view_id: this.view.id, block_id: block, action_id: action, value }).catch(() => {});
    };
    this.#waiting.set(key, { send, timer: setTimeout(send, REST) });
  }

  /** Sends what was typed last, so that the app sees it together with what comes next. */
  async flush() {
    const all = [...this.#waiting.values()];
    for (const { timer } of all) clearTimeout(timer);
    await Promise.all(all.map(({ send }) => send()));
  }

  /** `{block_id: {action_id: value}}`, as submitted. */
  values() {
    return Object.fromEntries([...this.#values].map(([block, actions]) => [block, Object.fromEntries(actions)]));
  }

  /** Forgets what was not sent yet: the view is gone. */
  drop() {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }
}
