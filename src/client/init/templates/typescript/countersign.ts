// How this agent keeps to what it is allowed. Node 22.18 or newer, nothing to install.
//
// Who it is comes from `agent-cli run`: COUNTERSIGN_SERVER, COUNTERSIGN_AGENT, and a short-lived token,
// renewed in COUNTERSIGN_TOKEN_FILE. There is no key in this project, and none is needed.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The exit status of "may not"; a scheduler can tell it from a crash. */
export const DENIED = 77;
/** The exit status of "could not ask": nothing was done, try again later. */
export const AWAY = 75;

/** No answer. What was not answered is not allowed. */
export class Away extends Error {}

type Json = Record<string, any>;

/** What decides: which model, on which prompt, for which task. */
export type About = { task: string; modelVersion: string; prompt: string };

/** Something that was touched: its name, never its content. */
export type Touched = { type: string; id: string; fields?: string[] };

/** A yes or a no, with the question that it answers. */
export class Answer {
  readonly question: Json;
  readonly allowed: boolean;
  readonly evaluation: string;
  readonly words: string;
  readonly offer: Json | undefined;
  readonly wait: string | undefined;

  constructor(question: Json, document: Json) {
    const context = document.context ?? {};
    this.question = question;
    this.allowed = document.decision === true;
    this.evaluation = context.evaluation_id ?? "";
    this.offer = context.access_request;
    // What can be asked for is asked for from here: then the reason alone is enough.
    const words = (this.offer && context.why) ?? context.reason_user;
    this.words = words?.en ?? "It is not allowed.";
    this.wait = context.wait?.en;
  }

  /** Why not, what to do, how long it takes: for the person who reads the log. */
  explain(): void {
    const access = `${this.question.resource.type}:${this.question.action.name}`;
    console.error(this.words);
    if (this.offer) {
      console.error(`  Next  agent-cli request-permission --resource ${access} --justification "why"`);
      if (this.offer.form_url) {
        console.error(`        or one click, for the owner: ${this.offer.form_url}`);
      }
    }
    if (this.wait) console.error(`  Wait  ${this.wait}`);
    if (this.evaluation) console.error(`  More  agent-cli why ${this.evaluation}`);
  }
}

/** Asks before it acts, and tells what it did. */
export class Guard {
  readonly server: string = setting("COUNTERSIGN_SERVER").replace(/\/+$/, "");
  readonly agent: string = setting("COUNTERSIGN_AGENT");

  /** The token of this moment. */
  token(): string {
    const path = process.env.COUNTERSIGN_TOKEN_FILE;
    return path ? readFileSync(path, "utf8").trim() : setting("COUNTERSIGN_TOKEN");
  }

  /** May this agent do this with that, now? */
  async may(action: string, type: string, id: string, about: About, approval?: Json): Promise<Answer> {
    const question: Json = {
      subject: { type: "agent", id: this.agent },
      action: { name: action },
      resource: { type, id },
      context: {
        agent: {
          model_version: about.modelVersion,
          prompt_hash: promptHash(about.prompt),
          task: about.task,
        },
      },
    };
    const asked = approval
      ? { ...question, context: { ...question.context, approval } }
      : question;
    return new Answer(question, (await this.#send("POST", "/access/v1/evaluation", asked)).document);
  }

  /** Asks people for what was denied and waits for them; the approval, if they give it. */
  async ask(answer: Answer, justification: string, seconds = 3600): Promise<Json | undefined> {
    const { offer, question, evaluation } = answer;
    if (!offer) return undefined;
    const denial: Json = { evaluation_id: evaluation, expires_at: offer.expires_at };
    if (offer.binding_token) denial.binding_token = offer.binding_token;
    const body = { ...question, denial, context: { ...question.context, justification } };
    let reply = await this.#send("POST", "/access/v1/requests", body, evaluation);
    const until = Date.now() + seconds * 1000;
    let said = "";
    while (reply.document.task.status === "pending" && Date.now() < until) {
      const words = reply.document.task.display?.description ?? "People are asked.";
      if (words !== said) console.error((said = words));
      await sleep(reply.wait * 1000);
      reply = await this.#send("GET", `/access/v1/requests/${reply.document.task.id}`);
    }
    return reply.document.result?.approval;
  }

  /** Puts on the record what was done; the record's id. */
  async tell(answer: Answer, about: About, rationale: string, touched: Touched[]): Promise<string> {
    const report = {
      agent_id: this.agent,
      evaluation_id: answer.evaluation,
      model_version: about.modelVersion,
      prompt_hash: promptHash(about.prompt),
      decision_rationale: rationale,
      data_accessed: touched,
      outcome: "success",
    };
    // The same report under the same key counts once, however often it is sent.
    const key = createHash("sha256").update(JSON.stringify(report)).digest("hex");
    return (await this.#send("POST", "/api/v1/activity", report, key)).document.id;
  }

  async #send(method: string, path: string, body?: Json, key?: string) {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.token()}` };
    if (body) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    let reply: Response;
    let text: string;
    try {
      const signal = AbortSignal.timeout(30_000);
      reply = await fetch(this.server + path, {
        method, headers, signal, redirect: "error", body: body ? JSON.stringify(body) : null,
      });
      text = await reply.text();
    } catch (error) {
      const cause = (error as Error).cause ?? error;
      throw new Away(`${this.server} gave no answer: ${(cause as Error).message || cause}`);
    }
    if (!reply.ok) throw new Away(`${this.server} answered ${reply.status}: ${text.slice(0, 2000)}`);
    try {
      return { wait: Number(reply.headers.get("Retry-After") ?? 5), document: JSON.parse(text) as Json };
    } catch {
      throw new Away(`${this.server} answered what cannot be understood`);
    }
  }
}

function setting(name: string): string {
  const value = process.env[name];
  if (value) return value;
  console.error(`${name} is not set: start this with \`agent-cli run -- node agent.ts\``);
  process.exit(1);
}

/** Stands for the prompt on the record, without its words. */
function promptHash(prompt: string): string {
  return `sha256:${createHash("sha256").update(prompt).digest("hex")}`;
}
