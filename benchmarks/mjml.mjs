// How long npm's mjml takes for a source on standard input: one line of milliseconds for each rendering.
// Run as: MJML_FROM=FOLDER node benchmarks/mjml.mjs COUNT < edition.mjml
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const mjml = createRequire(`${process.env.MJML_FROM}/`)("mjml");
const render = mjml.default ?? mjml;
const source = readFileSync(0, "utf8");
const count = Number(process.argv[2] ?? 20);
for (let n = 0; n < count; n += 1) {
  const began = performance.now();
  const made = await render(source, { validationLevel: "skip" });
  process.stdout.write(`${(performance.now() - began).toFixed(3)} ${made.html.length}\n`);
}
