// Writes the templates of all configurations into a folder for cfn-lint: node --import tsx test/templates.ts FOLDER
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configurations } from "./configurations";
import { template } from "./synth";

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: node --import tsx test/templates.ts FOLDER");
mkdirSync(folder, { recursive: true });
for (const [name, context] of Object.entries(configurations)) {
  writeFileSync(join(folder, `${name.replaceAll(" ", "-")}.json`), JSON.stringify(template(context).toJSON(), null, 2));
}
