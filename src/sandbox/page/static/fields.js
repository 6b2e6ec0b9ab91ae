// Fields: everything in a view or message that a person fills in or chooses from.

import { h, icon, uid } from "./dom.js";
import { plain, textObject, words } from "./mrkdwn.js";
import { confirmDialog } from "./overlay.js";
import { store } from "./store.js";

const placeholder = (el, otherwise = "") => (el.placeholder ? words(el.placeholder) : otherwise);

/**
 * Renders a field, or `null` for a kind that is none. Inside an input block `input` holds
 * `{ id, label, describedby, invalid, dispatch }`; elsewhere a change goes to the app at once.
 */
export function field(el, block, ctx, input) {
  const wiring = wire(el, block, ctx, input);
  switch (el.type) {
    case "plain_text_input": return text(el, wiring, el.multiline ? "textarea" : "text");
    case "email_text_input": return text(el, wiring, "email");
    case "url_text_input": return text(el, wiring, "url");
    case "number_input": return text(el, wiring, "number");
    case "datepicker": return temporal(el, wiring, "date");
    case "timepicker": return temporal(el, wiring, "time");
    case "datetimepicker": return temporal(el, wiring, "datetime-local");
    case "radio_buttons": return choices(el, wiring, "radio");
    case "checkboxes": return choices(el, wiring, "checkbox");
    case "rich_text_input": return text(el, wiring, "textarea");
    default: return picker(el, wiring);
  }
}

/** Connects a field with its block and its place: attributes, current value, changes. */
function wire(el, block, ctx, input) {
  const dispatches = !input || input.dispatch;
  return {
    value: ctx.value(block, el),
    input,
    testid: input ? `input-${block.block_id}` : el.action_id ? `action-${el.action_id}` : null,
    attributes: {
      id: input?.id,
      "aria-labelledby": input?.label,
      "aria-describedby": input?.describedby,
      "aria-invalid": input?.invalid ? "true" : null,
      "aria-required": input?.required ? "true" : null,
      "aria-label": input ? null : placeholder(el) || el.type.replaceAll("_", " "),
      data: { action: el.action_id ?? "" },
    },
    /** Remembers a value without telling the app. */
    record: (value) => ctx.record?.(block, el, value),
    /** Remembers a value and, where the app wants to know, tells it. */
    async change(value, undo) {
      if (dispatches && el.confirm && !(await confirmDialog(el.confirm))) return undo?.();
      ctx.record?.(block, el, value);
      if (dispatches) await ctx.act(block, el, value);
    },
    dispatches,
  };
}

function text(el, wiring, kind) {
  const multiline = kind === "textarea";
  const triggers = el.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const dispatchOn = (trigger) => wiring.input?.dispatch && triggers.includes(trigger);
  const counter = el.max_length ? h("span", { class: "counter", "aria-hidden": "true" }) : null;
  const count = (node) => {
    if (!counter) return;
    const left = el.max_length - node.value.length;
    counter.textContent = left <= Math.max(20, el.max_length / 10) ? String(left) : "";
  };
  let timer = null;
  const node = h(multiline ? "textarea" : "input", {
    ...wiring.attributes,
    class: "control",
    testid: wiring.testid,
    type: multiline ? null : kind,
    // The form checks fields itself and says so in words; only the keyboard is the browser's.
    inputmode: kind === "number" ? (el.is_decimal_allowed ? "decimal" : "numeric") : null,
    step: kind === "number" ? (el.is_decimal_allowed ? "any" : "1") : null,
    min: kind === "number" ? el.min_value : null,
    max: kind === "number" ? el.max_value : null,
    rows: multiline ? 3 : null,
    maxlength: el.max_length,
    placeholder: placeholder(el),
    autocomplete: "off",
    autofocus: el.focus_on_load === true,
    on: {
      input: () => {
        wiring.record(node.value === "" ? null : node.value);
        count(node);
        if (!dispatchOn("on_character_entered")) return;
        // A key at a time would flood the app; half a second of rest is what Slack waits too.
        clearTimeout(timer);
        timer = setTimeout(() => wiring.change(node.value || null), 400);
      },
      keydown: (event) => {
        if (event.key !== "Enter" || event.isComposing) return;
        if (multiline && !(event.ctrlKey || event.metaKey)) return;
        if (!dispatchOn("on_enter_pressed")) return;
        event.preventDefault();
        wiring.change(node.value || null);
      },
    },
  });
  node.value = wiring.value ?? "";
  count(node);
  return counter ? h("div", { class: "counted" }, node, counter) : node;
}

const two = (n) => String(n).padStart(2, "0");

function localDateTime(unix) {
  const d = new Date(unix * 1000);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`;
}

function temporal(el, wiring, kind) {
  const moment = kind === "datetime-local";
  const node = h("input", {
    ...wiring.attributes,
    class: "control control-short",
    testid: wiring.testid,
    type: kind,
    autofocus: el.focus_on_load === true,
    on: {
      change: () => {
        if (!node.value) wiring.change(null);
        else wiring.change(moment ? Math.floor(new Date(node.value).getTime() / 1000) : node.value);
      },
    },
  });
  if (wiring.value !== null && wiring.value !== undefined) {
    node.value = moment ? localDateTime(Number(wiring.value)) : wiring.value;
  }
  return node;
}

function choices(el, wiring, kind) {
  const name = uid("choice");
  const chosen = new Set([wiring.value].flat().filter((v) => v !== null && v !== undefined));
  const rows = (el.options ?? []).map((option, i) => {
    const box = h("input", {
      type: kind, name, value: option.value, testid: `option-${option.value}`,
      autofocus: el.focus_on_load === true && i === 0,
    });
    box.checked = chosen.has(option.value);
    return h("label", { class: "choice" }, box,
      h("span", {}, h("span", { class: "choice-text" }, textObject(option.text)),
        option.description ? h("small", {}, textObject(option.description)) : null));
  });
  const boxes = rows.map((row) => row.querySelector("input"));
  const before = () => boxes.forEach((box) => (box.checked = chosen.has(box.value)));
  const { id, ...attributes } = wiring.attributes;
  return h("div", {
    ...attributes,
    id,
    tabindex: "-1",
    role: kind === "radio" ? "radiogroup" : "group",
    class: `choices ${rows.length === 2 && kind === "radio" ? "choices-row" : ""}`,
    testid: wiring.testid,
    on: {
      change: () => {
        const now = boxes.filter((box) => box.checked).map((box) => box.value);
        wiring.change(kind === "radio" ? now[0] ?? null : now, before);
      },
    },
  }, rows);
}

/** The options a select offers, whatever its kind: `[{ label?, options: [{ value, text, hint }] }]`. */
function optionGroups(el) {
  const option = (o) => ({ value: o.value, text: words(o.text), hint: o.description ? words(o.description) : null });
  const people = () => store.state.people
    .filter((p) => p.can_sign_in)
    .map((p) => ({ value: p.id, text: p.real_name || p.name, hint: p.title }));
  const rooms = (kinds) => store.state.channels
    .filter((c) => kinds.includes(c.kind) && !(el.filter?.exclude_external_shared_channels && c.external))
    .map((c) => ({ value: c.id, text: `${c.kind === "private" ? "🔒 " : "#"}${c.name}` }));
  if (el.type.includes("static_select")) {
    return (el.option_groups ?? [{ options: el.options ?? [] }])
      .map((g) => ({ label: g.label ? words(g.label) : null, options: (g.options ?? []).map(option) }));
  }
  if (el.type.includes("users_select")) return [{ options: people() }];
  if (el.type.includes("channels_select")) return [{ options: rooms(["channel"]) }];
  if (el.type.includes("conversations_select")) {
    const include = el.filter?.include ?? ["public", "private", "im"];
    const kinds = [include.includes("public") && "channel", include.includes("private") && "private"].filter(Boolean);
    return [{ options: [...rooms(kinds), ...(include.includes("im") && !kinds.length ? people() : [])] }];
  }
  return null;
}

function picker(el, wiring) {
  const groups = optionGroups(el);
  if (!groups) return null;
  return el.type.startsWith("multi_") ? multiple(el, wiring, groups) : single(el, wiring, groups);
}

function single(el, wiring, groups) {
  const option = (o) => h("option", { value: o.value }, o.hint ? `${o.text} — ${o.hint}` : o.text);
  const node = h("select", {
    ...wiring.attributes,
    class: "control",
    testid: wiring.testid,
    autofocus: el.focus_on_load === true,
    on: {
      change: () => {
        const before = wiring.value ?? "";
        wiring.value = node.value || null;
        node.classList.toggle("unset", !node.value);
        wiring.change(wiring.value, () => {
          node.value = before;
          wiring.value = before || null;
        });
      },
    },
  },
  h("option", { value: "" }, placeholder(el, "Choose…")),
  groups.map((g) => (g.label ? h("optgroup", { label: g.label }, g.options.map(option)) : g.options.map(option))));
  node.value = wiring.value ?? "";
  node.classList.toggle("unset", !node.value);
  return h("div", { class: "select" }, node, icon("down"));
}

/** Several options: a box that shows what is chosen and opens to a list of checkboxes. */
function multiple(el, wiring, groups) {
  const all = groups.flatMap((g) => g.options);
  const chosen = new Set(wiring.value ?? []);
  const limit = el.max_selected_items ?? Infinity;
  const summary = h("summary", { class: "control", ...wiring.attributes, "aria-required": null });
  const show = () => {
    const picked = all.filter((o) => chosen.has(o.value));
    summary.replaceChildren(
      picked.length
        ? h("span", { class: "chips" }, picked.map((o) => h("span", { class: "chip" }, plain(o.text))))
        : h("span", { class: "dim" }, placeholder(el, "Choose…")),
      icon("down"));
    for (const box of list.querySelectorAll("input[type=checkbox]")) {
      box.checked = chosen.has(box.value);
      box.disabled = !box.checked && chosen.size >= limit;
    }
  };
  const row = (o) => h("label", { class: "choice", data: { text: o.text.toLowerCase() } },
    h("input", {
      type: "checkbox", value: o.value, testid: `option-${o.value}`,
      on: {
        change: (event) => {
          if (event.target.checked) chosen.add(o.value);
          else chosen.delete(o.value);
          show();
          wiring.change([...chosen]);
        },
      },
    }),
    h("span", {}, h("span", { class: "choice-text" }, plain(o.text)), o.hint ? h("small", {}, o.hint) : null));
  const list = h("div", { class: "multi-list" },
    all.length > 8 ? h("input", {
      class: "control", type: "search", placeholder: "Find…", "aria-label": "Find an option",
      on: {
        input: (event) => {
          const wanted = event.target.value.trim().toLowerCase();
          for (const label of list.querySelectorAll("label")) label.hidden = !label.dataset.text.includes(wanted);
        },
        keydown: (event) => {
          if (event.key === "Enter") event.preventDefault();
        },
      },
    }) : null,
    groups.map((g) => [g.label ? h("p", { class: "group-label" }, g.label) : null, g.options.map(row)]));
  const node = h("details", {
    class: "multi", testid: wiring.testid,
    on: {
      keydown: (event) => {
        if (event.key !== "Escape" || !node.open) return;
        event.preventDefault();
        event.stopPropagation();
        node.open = false;
        summary.focus();
      },
    },
  }, summary, list);
  show();
  return node;
}
