// The value of a Block Kit element, in the plain form in which page and server exchange it:
// a string, a list of strings, a number of seconds, or `null` for nothing chosen.

const optionValue = (option) => option?.value ?? null;
const optionValues = (options) => (options ?? []).map((option) => option.value);

/** What the app put into the element at first. */
export function initialValue(element) {
  switch (element.type) {
    case "plain_text_input":
    case "email_text_input":
    case "url_text_input":
    case "number_input": return element.initial_value ?? null;
    case "datepicker": return element.initial_date ?? null;
    case "timepicker": return element.initial_time ?? null;
    case "datetimepicker": return element.initial_date_time ?? null;
    case "checkboxes":
    case "multi_static_select":
    case "multi_external_select": return optionValues(element.initial_options);
    case "multi_users_select": return element.initial_users ?? [];
    case "multi_channels_select": return element.initial_channels ?? [];
    case "multi_conversations_select": return element.initial_conversations ?? [];
    case "users_select": return element.initial_user ?? null;
    case "channels_select": return element.initial_channel ?? null;
    case "conversations_select": return element.initial_conversation ?? null;
    case "static_select":
    case "external_select":
    case "radio_buttons": return optionValue(element.initial_option);
    default: return null;
  }
}

/** Reads an entry of a view's `state.values`; already plain values pass through. */
export function fromState(entry) {
  if (entry === null || typeof entry !== "object" || Array.isArray(entry)) return entry;
  if ("selected_options" in entry) return optionValues(entry.selected_options);
  if ("selected_option" in entry) return optionValue(entry.selected_option);
  for (const [key, value] of Object.entries(entry)) {
    if (key === "value" || key.startsWith("selected_")) return value;
  }
  return null;
}

/** Whether nothing was filled in. */
export const isEmpty = (value) =>
  value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

/** Whether an element carries a value at all (a button does not). */
export const carriesValue = (element) =>
  /(_input|select|picker|checkboxes|radio_buttons)$/.test(element?.type ?? "") && element.type !== "file_input";

/** Every element of a block that carries a value. */
export function valueElements(block) {
  const all = [block.element, block.accessory, ...(block.type === "actions" ? block.elements ?? [] : [])];
  return all.filter((element) => element?.action_id && carriesValue(element));
}

/** What Slack's own client says about a field before the app is asked; `null` when it is fine. */
export function fieldProblem(block, value) {
  const element = block.element ?? {};
  if (isEmpty(value)) return block.optional ? null : "Please complete this required field.";
  const text = String(value);
  switch (element.type) {
    case "plain_text_input":
      if (element.min_length && [...text].length < element.min_length) {
        return `Please write at least ${element.min_length} characters.`;
      }
      return null;
    case "email_text_input":
      return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? null : "Please enter a valid email address.";
    case "url_text_input":
      return /^https?:\/\/\S+\.\S+|^https?:\/\/localhost/.test(text) ? null : "Please enter a valid URL.";
    case "number_input": return numberProblem(element, text);
    default: return null;
  }
}

function numberProblem(element, text) {
  const number = Number(text);
  if (Number.isNaN(number)) return "Please enter a number.";
  if (!element.is_decimal_allowed && !Number.isInteger(number)) return "Please enter a whole number.";
  const low = element.min_value;
  const high = element.max_value;
  if (low !== undefined && number < Number(low)) return `Please enter ${low} or more.`;
  if (high !== undefined && number > Number(high)) return `Please enter ${high} or less.`;
  return null;
}
