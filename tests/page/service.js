// The service whose page is tested: `rehose serve` in front of folders, or with STACK the HTTP API of that stack on the
// local AWS, behind a proxy that signs what the browser sends. Both have merged the stash. REHOSE names the command.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export const rehose = process.env.REHOSE ?? "../../target/debug/rehose";
const stack = process.env.STACK;

/** Where the output is, for a command. */
export let output;

/** Merges a stash in the job `merge`, and starts the service. */
export async function serve(folder, stash) {
  if (stack) return listening(spawn(process.env.PYTHON, ["deployed.py", stack, stash], pipes));
  output = join(folder, "out");
  const { status } = spawnSync(rehose, ["merge", stash, output, "--job", "merge"]);
  assert.equal(status, 3, "one object is broken");
  return listening(spawn(rehose, ["serve", stash, output, "--listen", "127.0.0.1:0"], pipes));
}

const pipes = { stdio: ["ignore", "pipe", stack ? "inherit" : "ignore"] };

/** Waits for the lines with the service's address, and with its output if the stack has it. */
async function listening(service) {
  let text = "";
  service.stdout.on("data", (data) => (text += data));
  while (!/^listening on .*\n/m.test(text)) {
    await once(service.stdout, "data");
  }
  output ??= text.match(/^output (.*)$/m)[1];
  return { service, address: text.match(/^listening on (.*)$/m)[1] };
}
