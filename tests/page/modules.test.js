import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";

const FOLDER = new URL("../../visualizer/page/", import.meta.url);

test("no module but the entry does anything when it is imported: there is no page here to do it with", async () => {
  const all = /** @type {string[]} */ (readdirSync(FOLDER, { recursive: true }));
  const names = all.filter((name) => name.endsWith(".js") && name !== "main.js");
  assert.ok(names.length > 20);
  const modules = await Promise.all(names.map((name) => import(new URL(name, FOLDER).href)));
  for (const [index, module] of modules.entries()) assert.notDeepEqual(Object.keys(module), [], names[index]);
});
