// Talking to the workspace's server: JSON requests, and one stream of "something changed".

/** A failure with words for the person who looks at the page. */
export class ApiError extends Error {}

const AWAY = "The workspace does not answer. Is `countersign sandbox` still running?";

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options });
  } catch {
    throw new ApiError(AWAY);
  }
  let body = null;
  try {
    body = await response.json();
  } catch {
    throw new ApiError(`The workspace answered ${response.status} without an explanation.`);
  }
  if (!response.ok && body?.ok !== false) {
    throw new ApiError(body?.error ?? `The workspace answered ${response.status}.`);
  }
  return body;
}

/** `GET /_page/<name>?…` */
export const get = (name, query = {}) => call(`/_page/${name}?${new URLSearchParams(query)}`);

/** `POST /_page/<name>`; answers of the form `{ok:false,error}` come back as values. */
export const post = (name, body) =>
  call(`/_page/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/**
 * Follows the server's events for one person, reconnecting for as long as it is open: at
 * once at first, then every few seconds. `onOpen` runs at every (re)connection, because
 * whatever happened in between was missed.
 */
export class EventStream {
  #source = null;
  #timer = null;
  #delay = 300;
  #handlers;
  #person;

  constructor(person, handlers) {
    this.#person = person;
    this.#handlers = handlers;
    this.#connect();
  }

  #connect() {
    const source = new EventSource(`/_page/events?${new URLSearchParams({ as: this.#person })}`);
    this.#source = source;
    source.onopen = () => {
      this.#delay = 300;
      this.#handlers.onOpen();
    };
    source.onmessage = (event) => {
      let change;
      try {
        change = JSON.parse(event.data);
      } catch {
        return; // A keep-alive line.
      }
      this.#handlers.onEvent(change);
    };
    source.onerror = () => {
      source.close();
      this.#handlers.onLost();
      this.#timer = setTimeout(() => this.#connect(), this.#delay);
      this.#delay = Math.min(this.#delay * 2, 4000);
    };
  }

  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
  }
}
