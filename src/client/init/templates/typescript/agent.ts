// {{NAME}}: {{PURPOSE}}
//
//     agent-cli run -- node agent.ts          does the work, or says why it may not
//     agent-cli run -- node agent.ts --ask    asks people for what it may not, and waits for them

import { AWAY, Away, DENIED, Guard, type About, type Touched } from "./countersign.ts";

const about: About = {
  modelVersion: {{MODEL}}, // the model that decides, with its version
  prompt: {{PROMPT}},
  task: "try out",
};
// What is done with what: one thing.
const [ACTION, KIND, OBJECT] = [{{ACTION}}, {{KIND}}, {{OBJECT}}];

/** The work: yours goes here. It comes back with why it did what it did, and what it touched. */
async function work(): Promise<{ rationale: string; touched: Touched[] }> {
  console.log(`Working with ${KIND} ${OBJECT}.`);
  return { rationale: "looked once, and changed nothing", touched: [{ type: KIND, id: OBJECT }] };
}

async function main(): Promise<number> {
  const guard = new Guard();
  let answer = await guard.may(ACTION, KIND, OBJECT, about);
  if (!answer.allowed && process.argv.includes("--ask")) {
    const approval = await guard.ask(answer, `its first run: ${about.task}`);
    if (approval) answer = await guard.may(ACTION, KIND, OBJECT, about, approval);
  }
  if (!answer.allowed) {
    answer.explain();
    return DENIED;
  }
  const { rationale, touched } = await work();
  console.log(`Done, and on the record: ${await guard.tell(answer, about, rationale, touched)}.`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Away)) throw error;
  console.error(`Nothing was done: ${error.message}`);
  process.exitCode = AWAY;
}
